// Package report makes one page of many alerts: who broke in where, what else was tried, what the figures are worth, and what
// to change. It holds what a person reads in one struct, Report, from which the page is rendered and which is the JSON of
// `siphunt report --json`, so that both say the same.
//
//	alert.go      an alert record, as far as the report needs it
//	collect.go    the Collector takes alerts, in bounded memory, and makes the Report
//	report.go     the Report and what is in it
//	breakin.go    break-ins, and what to do about them
//	timeline.go   when it was
//	parties.go    attackers, servers, accounts, campaigns
//	incident.go   the incidents themselves
//	quality.go    what the figures are worth: what was dropped, how late, what was given up
//	change.go     what to change
//	words.go      figures, times and names as a person reads them
//
//	plots.go      how drawings look; plot_timeline.go, plot_rankings.go and distribution.go draw
//	svg.go        makes drawings fit for the page: colours that follow its scheme, nothing but shapes and text
//	page.go       the page, from page.tmpl and page.css
//
// All text in an alert came from packets, and the file itself may come from anybody: text is cleaned when it is read, escaped
// by html/template where it is shown, and the page's Content-Security-Policy allows no script and no network at all.
package report

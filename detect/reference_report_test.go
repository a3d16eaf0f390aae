package detect_test

import (
	"cmp"
	"slices"
	"strings"

	"github.com/siphunt/siphunt/detect"
)

// The reference: severity and reports.

func (r *reference) severityOf(in *refIncident) int {
	switch surest := in.confidence(); {
	case surest == detect.Confirmed:
		return detect.SeverityCritical
	case surest == detect.Probable:
		return detect.SeverityHigh
	case in.slow && in.peak <= 24 || in.kind == detect.Outage || in.kind == detect.Scan && !in.few:
		return detect.SeverityLow
	case r.isPhoneLike(in):
		return detect.SeverityLow
	case in.kind == detect.BruteForce || in.kind == detect.Scan:
		return detect.SeverityMedium
	}
	return detect.SeverityHigh
}

func (in *refIncident) confidence() (surest detect.Confidence) {
	for _, s := range in.successes {
		surest = max(surest, s.Confidence)
	}
	return surest
}

// noteGrowth has an incident looked at by the next check.
func (r *reference) noteGrowth(in *refIncident) {
	in.growing = in.growing || in.total() >= 2*in.reported || r.severityOf(in) > in.severity
}

// reportGrowth reports what has doubled, or become more severe.
func (r *reference) reportGrowth() {
	for _, in := range r.open {
		switch {
		case !in.growing:
		case r.severityOf(in) > in.severity:
			in.growing = false
			if strings.HasSuffix(in.crossed.Key, "attempts") && in.crossed.Key != "spray_attempts" && in.total() > in.crossed.Value {
				in.crossed.Value, in.crossed.Time = in.total(), in.last
			}
			r.report(in, detect.Open, detect.NotEnded)
		case in.total() < 2*in.reported:
			in.growing = false
		case r.clock-in.reportedAt >= ms(r.cfg.UpdateInterval):
			in.growing = false
			r.report(in, detect.Update, detect.NotEnded)
		}
	}
}

func (r *reference) report(in *refIncident, state detect.State, reason detect.EndReason) {
	now := r.severityOf(in)
	in.reported, in.severity, in.reportedAt = in.total(), max(in.severity, now), r.clock
	if r.cfg.ReportEnd && state != detect.End {
		return
	}
	in.sequence++
	a := detect.Alert{
		State: state, Sequence: in.sequence, Changed: state == detect.Open && in.sequence > 1, Time: r.clock, Kind: in.kind,
		EndReason: reason, First: in.first, Last: in.last, Attempts: in.total(), Successes: slices.Clone(in.successes),
		SuccessesN: len(in.successes), KnownClient: in.knownClient, PhoneLike: r.isPhoneLike(in), Slow: in.slow && in.peak <= 24,
		Severity: now, Confidence: in.confidence(), Crossed: in.crossed,
	}
	for status, n := range in.codes {
		if n > 0 {
			a.Rejections = append(a.Rejections, detect.StatusCount{Status: status, Attempts: n})
		}
	}
	slices.SortFunc(a.Rejections, func(a, b detect.StatusCount) int { return cmp.Compare(a.Status, b.Status) })
	r.describeMembers(in, &a)
	a.Thresholds = r.thresholds(a.Registrar.Addr)
	r.alerts = append(r.alerts, a)
}

func (r *reference) describeMembers(in *refIncident, a *detect.Alert) {
	var strongest *refPair
	for p, n := range in.attempts {
		if strongest == nil || n > in.attempts[strongest] || n == in.attempts[strongest] && p.key.client.Less(strongest.key.client) {
			strongest = p
		}
		if n > 0 {
			a.Clients = withMember(a.Clients, detect.Member{Client: p.key.client, Attempts: n})
			if in.kind == detect.HorizontalScan { // the same name at another registrar is another account
				a.Extensions.Top = append(a.Extensions.Top, detect.Member{Extension: p.key.extension, Attempts: n})
			} else {
				a.Extensions = withMember(a.Extensions, detect.Member{Extension: p.key.extension, Attempts: n})
			}
			a.Registrars = withMember(a.Registrars, detect.Member{Client: p.key.registrar, Attempts: n})
		}
	}
	strongestOfAll(&a.Clients, detect.MaxTopClients)
	strongestOfAll(&a.Extensions, detect.MaxTopExtensions)
	strongestOfAll(&a.Registrars, detect.MaxTopClients)
	a.Registrar.Addr, a.Client.Addr = in.group.registrar, in.group.client
	if strongest != nil && in.total() > 0 && !in.group.client.IsValid() {
		a.Client.Addr = strongest.key.client
	}
	if len(a.Extensions.Top) > 0 {
		a.Extension = a.Extensions.Top[0].Extension
	}
}

func withMember(m detect.Members, member detect.Member) detect.Members {
	for i := range m.Top {
		if m.Top[i].Client == member.Client && m.Top[i].Extension == member.Extension {
			m.Top[i].Attempts += member.Attempts
			return m
		}
	}
	m.Top = append(m.Top, member)
	return m
}

func strongestOfAll(m *detect.Members, limit int) {
	slices.SortFunc(m.Top, func(a, b detect.Member) int {
		return cmp.Or(cmp.Compare(b.Attempts, a.Attempts), a.Client.Compare(b.Client), cmp.Compare(a.Extension, b.Extension))
	})
	m.Count = len(m.Top)
	m.Top = m.Top[:min(limit, len(m.Top))]
}

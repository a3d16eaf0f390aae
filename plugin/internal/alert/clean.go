package alert

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/siphunt/siphunt/detect"
)

// Longest texts, in characters. The detector keeps 64 bytes of an extension, so none is cut here.
const (
	maxExtension = 64
	maxText      = 128 // user agents, probes and the like
)

// cleaned is the one place where text from packets is made harmless: a copy of the alert in which every string is
// clean, and no address has a zone (which is text too). What is described and written is the copy, never the original.
func cleaned(a *detect.Alert) *detect.Alert {
	c := *a
	c.ID = clean(a.ID, maxText)
	c.MergedInto = clean(a.MergedInto, maxText)
	c.Crossed.Key = clean(a.Crossed.Key, maxText)
	c.Extension = clean(a.Extension, maxExtension)
	c.Registrar.Addr = bare(a.Registrar.Addr)
	c.Client.Addr = bare(a.Client.Addr)
	c.Clients.Top = cleanedMembers(a.Clients.Top)
	c.Extensions.Top = cleanedMembers(a.Extensions.Top)
	c.Registrars.Top = cleanedMembers(a.Registrars.Top)
	c.Campaign.ID = clean(a.Campaign.ID, maxText)
	c.Successes = slices.Clone(a.Successes)
	for i := range c.Successes {
		s := &c.Successes[i]
		s.Extension, s.Client, s.Registrar = clean(s.Extension, maxExtension), bare(s.Client), bare(s.Registrar)
	}
	c.Tools = cleanedTexts(a.Tools)
	c.UserAgents = cleanedTexts(a.UserAgents)
	c.Probes = cleanedTexts(a.Probes)
	return &c
}

func cleanedMembers(members []detect.Member) []detect.Member {
	members = slices.Clone(members)
	for i := range members {
		m := &members[i]
		m.Extension, m.Client = clean(m.Extension, maxExtension), bare(m.Client)
	}
	return members
}

func cleanedTexts(texts []string) []string {
	texts = slices.Clone(texts)
	for i := range texts {
		texts[i] = clean(texts[i], maxText)
	}
	return texts
}

func bare(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// Clean does for those who read alerts back what is done for every text in one when it is written: see clean.
func Clean(s string, limit int) string { return clean(s, limit) }

// clean returns valid UTF-8 of at most limit characters, in which nothing can steer a terminal, break a line, turn the
// direction of writing or hide: whatever is not visible, or not UTF-8, becomes U+FFFD.
func clean(s string, limit int) string {
	n := 0
	for i := range s {
		if n == limit {
			s = s[:i]
			break
		}
		n++
	}
	return strings.Map(func(r rune) rune {
		if visible(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// visible is unicode.IsPrint less the letters and marks that are drawn as nothing.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

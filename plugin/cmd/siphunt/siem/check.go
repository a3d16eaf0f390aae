package siem

import (
	"context"
	"fmt"
	"net/http"
)

// Report is what a check has found.
type Report struct {
	Server      string
	Differences []string // what install would change, or what no install can: old indices keep their types
	Notes       []string // what is worth knowing
}

// Check compares a server with what Install would make of it, and with what is mapped in fact.
func (s *Server) Check(ctx context.Context, o Options) (*Report, error) {
	all, err := s.assets(o)
	if err != nil {
		return nil, err
	}
	r := &Report{Server: s.name, Notes: s.lacks()}
	for _, a := range all {
		status, answer, err := s.client.call(ctx, http.MethodGet, a.path, nil)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusNotFound:
			r.differs("%s: missing", a.what)
		case status != http.StatusOK:
			return nil, refusal(http.MethodGet, a.path, status, answer)
		case a.body != nil:
			for _, d := range differences("", a.body, a.found(answer)) {
				r.differs("%s: %s", a.what, d)
			}
		}
	}
	for _, name := range []string{Stream, Incidents} {
		if err := s.checkMapped(ctx, name, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (s *Server) checkMapped(ctx context.Context, name string, r *Report) error {
	indices, err := s.mappedIn(ctx, name)
	if err != nil {
		return err
	}
	for i, m := range indices {
		for _, line := range m.wrong {
			if i < len(indices)-1 {
				line += "; an older backing index keeps its types until it is deleted"
			}
			r.differs("%s", line)
		}
		if len(m.missing) > 0 {
			r.differs("%s: not mapped: %s", m.index, some(m.missing))
		}
		if len(m.foreign) > 0 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s has fields that are none of siphunt's: %s", m.index, some(m.foreign)))
		}
	}
	return nil
}

func (r *Report) differs(format string, args ...any) {
	r.Differences = append(r.Differences, fmt.Sprintf(format, args...))
}

// some names the first of many.
func some(names []string) string {
	const most = 5
	text := ""
	for i, name := range names {
		if i == most {
			return fmt.Sprintf("%s and %d more", text, len(names)-most)
		}
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

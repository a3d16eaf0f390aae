package siem

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Installer puts in place what is missing or different.
type Installer struct {
	*Server
	Options Options
	DryRun  bool // says what it would do, and only reads
	Out     io.Writer
}

// Install goes through all assets. It stops at the first that the server refuses.
func (i *Installer) Install(ctx context.Context) error {
	all, err := i.assets(i.Options)
	if err != nil {
		return err
	}
	i.say("server", "%s", i.name)
	for _, a := range all {
		if err := i.put(ctx, a); err != nil {
			return err
		}
	}
	for _, name := range []string{Stream, Incidents} {
		if err := i.remap(ctx, name); err != nil {
			return err
		}
	}
	for _, line := range i.lacks() {
		i.say("note", "%s", line)
	}
	return nil
}

// lacks says what could not be set up on this server.
func (s *Server) lacks() (lines []string) {
	if !s.lifecycle {
		lines = append(lines, s.name+" has no index management: alerts are kept until somebody deletes them")
	}
	if !s.security {
		lines = append(lines, s.name+" has no security: there is no role to write alerts with, and everybody may")
	}
	if !s.processors["community_id"] {
		lines = append(lines, s.name+" has no ingest processor community_id: alerts have no network.community_id")
	}
	return lines
}

// put creates an asset, or replaces one that is different.
func (i *Installer) put(ctx context.Context, a asset) error {
	status, answer, err := i.client.call(ctx, http.MethodGet, a.path, nil)
	if err != nil {
		return err
	}
	path, done := a.path, "created"
	switch {
	case status == http.StatusOK && a.body == nil:
		i.say("unchanged", "%s", a.what)
		return nil
	case status == http.StatusOK:
		differs := differences("", a.body, a.found(answer))
		if len(differs) == 0 {
			i.say("unchanged", "%s", a.what)
			return nil
		}
		if done = "updated"; a.revise != nil {
			path = a.revise(answer)
		}
	case status != http.StatusNotFound:
		return refusal(http.MethodGet, a.path, status, answer)
	}
	var body any
	if a.body != nil {
		body = a.body
	}
	return i.change(ctx, done, a.what, http.MethodPut, path, body)
}

// remap brings the mapping of a live index up to date. Fields can be added; where one has a wrong type, a data stream goes on
// in a new backing index.
func (i *Installer) remap(ctx context.Context, name string) error {
	indices, err := i.mappedIn(ctx, name)
	if err != nil || len(indices) == 0 {
		return err
	}
	switch newest := indices[len(indices)-1]; {
	case len(newest.wrong) > 0 && name == Stream:
		return i.change(ctx, "updated", fmt.Sprintf("data stream %s: a new backing index, for %s", name, strings.Join(newest.wrong, "; ")),
			http.MethodPost, name+"/_rollover", nil)
	case len(newest.wrong) > 0:
		i.say("note", "index %s has wrong types: delete it, and install again; it fills with the next alerts", name)
	case len(newest.missing) > 0:
		m := mapping()
		return i.change(ctx, "updated", fmt.Sprintf("mapping of %s: %d more fields", name, len(newest.missing)),
			http.MethodPut, name+"/_mapping", object{"properties": m["properties"], "dynamic_templates": m["dynamic_templates"]})
	}
	return nil
}

func (i *Installer) change(ctx context.Context, done, what, method, path string, body any) error {
	if i.DryRun {
		i.say("would be", "%s: %s", done, what)
		fmt.Fprintf(i.Out, "%s /%s\n", method, path)
		if body == nil {
			return nil
		}
		text, err := json.MarshalIndent(body, "", "  ")
		fmt.Fprintf(i.Out, "%s\n", text)
		return err
	}
	status, answer, err := i.client.call(ctx, method, path, body)
	if err != nil {
		return err
	}
	if status >= http.StatusMultipleChoices {
		return refusal(method, path, status, answer)
	}
	i.say(done, "%s", what)
	return nil
}

func (i *Installer) say(done, format string, args ...any) {
	fmt.Fprintf(i.Out, "%-10s %s\n", done, fmt.Sprintf(format, args...))
}

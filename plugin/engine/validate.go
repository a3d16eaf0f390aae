package engine

import (
	"fmt"
	"strings"
)

// validate looks at what no single value shows. It is called once all values could be read.
func (r *reader) validate() {
	c := r.config
	if c.OutboxLimit < 1 {
		r.refuse("alerts.", fmt.Errorf("outbox_limit: %d is too small: write 1 or more, for example 10_000", c.OutboxLimit))
	}
	if _, err := c.NewEncoder("", ""); err != nil {
		r.refuse("alerts.", fmt.Errorf("format: %w", err))
	}
	if _, err := c.NewDecoder(); err != nil {
		r.refuse("flows.", err)
	}
	if line, ok := r.at["flows.custom"]; ok && c.Format != "custom" {
		r.problem(line, `[flows.custom] is not used with flows.format = %q: write format = "custom", or leave the table out`, c.Format)
	}
	for i, rule := range c.Detector.Allow {
		if len(rule.Clients)+len(rule.Registrars)+len(rule.Extensions) == 0 {
			r.problem(r.at[fmt.Sprintf("allow[%d]", i)],
				"[[allow]] would cover everything: give clients, registrars or extensions, for example clients = %s", settings["allow.clients"].example)
		}
	}
	for i, o := range c.Detector.Overrides {
		if len(o.Registrars) == 0 {
			r.problem(r.at[fmt.Sprintf("override[%d]", i)],
				"[[override]] is for no registrar: give them, for example registrars = %s", settings["override.registrars"].example)
		}
	}
	if len(r.problems) > 0 {
		return
	}
	if err := c.Detector.Validate(); err != nil {
		r.refuse("detector.", err)
	}
}

// refuse reports what another room says of its options: an error, or several joined, each beginning with its key.
func (r *reader) refuse(table string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			r.refuse(table, e)
		}
		return
	}
	key, _, _ := strings.Cut(err.Error(), ":")
	for _, t := range []string{table, "flows.custom.", "detector."} {
		if _, ok := settings[t+key]; ok {
			r.problem(max(r.at[t+key], r.at[strings.TrimSuffix(t, ".")]), "%s%v", t, err)
			return
		}
	}
	r.problem(0, "%v", err)
}

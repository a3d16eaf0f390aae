package siem

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// mapped is what an index has in fact, beside what the fields should be.
type mapped struct {
	index   string
	missing []string // fields that are not mapped, or left to the server's guess
	wrong   []string // lines: fields of another type, which can't be changed in an index
	foreign []string // fields that are none of siphunt's
}

// mappedIn compares each backing index of a data stream, or an index, with the mapping. The newest is the last.
func (s *Server) mappedIn(ctx context.Context, name string) ([]mapped, error) {
	status, answer, err := s.client.call(ctx, http.MethodGet, name+"/_mapping", nil)
	if err != nil {
		return nil, err
	}
	if status == http.StatusNotFound {
		return nil, nil
	}
	if status != http.StatusOK {
		return nil, refusal(http.MethodGet, name+"/_mapping", status, answer)
	}
	want := flatten("", mapping()["properties"], map[string]string{})
	var all []mapped
	for _, index := range slices.Sorted(maps.Keys(answer)) {
		got := flatten("", dig(answer[index], "mappings", "properties"), map[string]string{})
		all = append(all, compareTypes(index, want, got))
	}
	return all, nil
}

func compareTypes(index string, want, got map[string]string) mapped {
	m := mapped{index: index}
	for _, field := range slices.Sorted(maps.Keys(want)) {
		switch kind, ok := got[field]; {
		case want[field] == "object": // shown by its fields
		case !ok:
			m.missing = append(m.missing, field)
		case kind != want[field]:
			m.wrong = append(m.wrong, fmt.Sprintf("%s: %s is mapped as %s, should be %s", index, field, kind, want[field]))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[field]; !ok && !strings.HasPrefix(field, "siphunt.rejections.") {
			m.foreign = append(m.foreign, field)
		}
	}
	return m
}

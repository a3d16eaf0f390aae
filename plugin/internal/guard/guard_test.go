package guard

import (
	"errors"
	"strings"
	"testing"
)

func TestCall(t *testing.T) {
	refused := errors.New("refused")
	if err := Call(func() error { return refused }); !errors.Is(err, refused) {
		t.Errorf("an error comes back as %v", err)
	}
	if err := Call(func() error { return nil }); err != nil {
		t.Errorf("nothing comes back as %v", err)
	}
	err := Call(func() error { panic("out of range") })
	var p *Panic
	if !errors.As(err, &p) || !strings.Contains(err.Error(), "out of range") || !strings.Contains(err.Error(), "guard_test.go") {
		t.Errorf("a panic comes back as %v, want what was wrong and where", err)
	}
}

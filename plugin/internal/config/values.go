package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// choice is a field that is one of two words in the file.
type choice struct {
	field   *bool
	yes, no string
}

// moment is a field of Unix milliseconds that is a date with a time in the file.
type moment struct{ field *int64 }

// assign puts a value, as the TOML library gives it, into a field. The error is the reason only.
func assign(field, value any) error {
	switch f := field.(type) {
	case *string:
		return exactly(f, value, "a text in quotes")
	case *bool:
		return exactly(f, value, "true or false, without quotes")
	case *int:
		return assignInt(f, value)
	case *float64:
		return assignNumber(f, value)
	case *time.Duration:
		return assignDuration(f, value)
	case *[]string:
		return assignList(f, value, func(s *string, v any) error { return exactly(s, v, "a text in quotes") })
	case *[]int:
		return assignList(f, value, assignInt)
	case *[]netip.Prefix:
		return assignList(f, value, assignPrefix)
	case toml.Unmarshaler: // flow.Paths
		return f.UnmarshalTOML(value)
	case choice:
		if value != f.yes && value != f.no {
			return fmt.Errorf("must be %q or %q", f.no, f.yes)
		}
		*f.field = value == f.yes
		return nil
	case moment:
		return assignMoment(f, value)
	}
	panic(fmt.Sprintf("no key has a field of type %T", field))
}

func exactly[T any](field *T, value any, what string) error {
	v, ok := value.(T)
	if !ok {
		return errors.New("must be " + what)
	}
	*field = v
	return nil
}

func assignInt(field *int, value any) error {
	var n int64
	if err := exactly(&n, value, "a whole number"); err != nil {
		return err
	}
	if *field = int(n); int64(*field) != n { // int may have 32 bits
		return errors.New("is too large")
	}
	return nil
}

func assignNumber(field *float64, value any) error {
	if n, ok := value.(int64); ok {
		value = float64(n)
	}
	return exactly(field, value, "a number")
}

func assignDuration(field *time.Duration, value any) error {
	const what = `a time in quotes with its units (h, m, s)`
	var text string
	if err := exactly(&text, value, what); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return errors.New("must be " + what)
	case d%time.Second != 0:
		return errors.New("must be whole seconds")
	}
	*field = d
	return nil
}

func assignPrefix(field *netip.Prefix, value any) error {
	const what = "an address, or a network as address/bits, in quotes"
	var text string
	if err := exactly(&text, value, what); err != nil {
		return err
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		*field = netip.PrefixFrom(a, a.BitLen())
		return nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return errors.New("must be " + what)
	}
	if p != p.Masked() {
		return fmt.Errorf("has bits set behind the prefix; %s is the network, %s the address", p.Masked(), p.Addr())
	}
	*field = p
	return nil
}

func assignMoment(f moment, value any) error {
	t, ok := value.(time.Time)
	if !ok || zoneless(t) {
		return errors.New("must be a date and time with its zone, without quotes")
	}
	*f.field = t.UnixMilli()
	return nil
}

// zoneless tells whether the file has a time without its zone: the library has locations of its own for those.
func zoneless(t time.Time) bool { return strings.HasSuffix(t.Location().String(), "-local") }

// assignList reads a list; an error names the element.
func assignList[T any](field *[]T, value any, assign func(*T, any) error) error {
	list, ok := value.([]any)
	if !ok {
		return errors.New("must be a list in square brackets")
	}
	read := make([]T, len(list))
	for i, v := range list {
		if err := assign(&read[i], v); err != nil {
			return fmt.Errorf("%s %w", literal(v), err)
		}
	}
	*field = read
	return nil
}

// maxLiteral is how much of a faulty value an error repeats.
const maxLiteral = 60

// literal shows a value about as the file has it.
func literal(value any) string {
	var s string
	switch v := value.(type) {
	case string:
		s = fmt.Sprintf("%q", v)
	case time.Time:
		s = v.Format(time.RFC3339)
		if zoneless(v) {
			s = v.Format("2006-01-02T15:04:05")
		}
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = literal(v[i])
		}
		s = "[" + strings.Join(parts, ", ") + "]"
	case map[string]any, []map[string]any:
		s = "{...}"
	default:
		s = fmt.Sprint(v)
	}
	if len(s) > maxLiteral {
		s = strings.ToValidUTF8(s[:maxLiteral], "") + "..."
	}
	return s
}

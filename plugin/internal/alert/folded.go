package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/humanize"
)

// Folded says which alerts of one minute were left out, because more of them were made than may be.
type Folded struct {
	Detector string        // its name
	Minute   int64         // its begin by the wall clock, Unix milliseconds
	Limit    int           // max_alerts_per_minute
	Counts   []FoldedCount // none zero
}

// FoldedCount is how many alerts of a kind in a state were left out.
type FoldedCount struct {
	Kind  detect.Kind
	State detect.State
	N     int
}

// AppendFolded appends the record that stands for the alerts left out, in the form of AppendRecord. Its time is the end
// of the minute.
func (e *Encoder) AppendFolded(dst []byte, f *Folded, created time.Time) []byte {
	return appendEvent(dst, f.end().UnixMilli(), e.format.folded(&e.options, f, created))
}

func (f *Folded) begin() time.Time { return time.UnixMilli(f.Minute) }
func (f *Folded) end() time.Time   { return f.begin().Add(time.Minute) }

// total is how many alerts were left out.
func (f *Folded) total() int {
	n := 0
	for _, c := range f.Counts {
		n += c.N
	}
	return n
}

// id is the same for the same minute of the same detector.
func (f *Folded) id(o *Options) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "folded/%s/%s/%d", o.Hostname, f.Detector, f.Minute))
	return hex.EncodeToString(sum[:16])
}

func (f *Folded) message() string {
	var words []string
	for _, c := range f.Counts {
		words = append(words, fmt.Sprintf("%s %s %s", humanize.Thousands(c.N), c.Kind, c.State))
	}
	return fmt.Sprintf("%s of the minute from %s left out, because there were more than max_alerts_per_minute = %d: %s. No success is among them.",
		humanize.Count(f.total(), "alert"), f.begin().UTC().Format("15:04 UTC"), f.Limit, strings.Join(words, ", "))
}

func (f *Folded) reason() string {
	return fmt.Sprintf("%s beyond max_alerts_per_minute = %d", humanize.Count(f.total(), "alert"), f.Limit)
}

// siphunt returns siphunt.*.
func (f *Folded) siphunt() object {
	var counts []object
	for _, c := range f.Counts {
		counts = append(counts, object{{"kind", c.Kind.String()}, {"state", c.State.String()}, {"count", c.N}})
	}
	return object{{"folded", counts}}
}

func ecsFolded(o *Options, f *Folded, created time.Time) object {
	return known(
		field{"tags", cleanedTexts(o.Sources.Tags())},
		field{"message", f.message()},
		field{"event", object{
			{"kind", "alert"},
			{"category", []string{"intrusion_detection", "network"}},
			{"type", []string{"info"}},
			{"action", "sip-alerts-folded"},
			{"outcome", "unknown"},
			{"severity", detect.SeverityHigh},
			{"start", isoTime(f.begin())},
			{"end", isoTime(f.end())},
			{"created", isoTime(created)},
			{"id", f.id(o)},
			{"module", "siphunt"},
			{"dataset", "siphunt.alert"},
			{"provider", "siphunt"},
			{"reason", f.reason()},
		}},
		field{"observer", observer(o)},
		field{"siphunt", f.siphunt()},
		field{"ecs", object{{"version", ecsVersion}}},
	)
}

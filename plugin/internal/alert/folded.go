package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/siphunt/siphunt/detect"
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
	return appendEvent(dst, f.Minute+time.Minute.Milliseconds(), foldedFields(&e.options, f, created))
}

func foldedFields(o *Options, f *Folded, created time.Time) object {
	begin := time.UnixMilli(f.Minute)
	id := sha256.Sum256(fmt.Appendf(nil, "folded/%s/%s/%d", o.Hostname, f.Detector, f.Minute))
	var counts []object
	var words []string
	total := 0
	for _, c := range f.Counts {
		total += c.N
		counts = append(counts, object{{"kind", c.Kind.String()}, {"state", c.State.String()}, {"count", c.N}})
		words = append(words, fmt.Sprintf("%s %s %s", thousands(c.N), c.Kind, c.State))
	}
	return known(
		field{"message", fmt.Sprintf("%s of the minute from %s left out, because there were more than max_alerts_per_minute = %d: %s. No success is among them.",
			count(total, "alert"), begin.UTC().Format("15:04 UTC"), f.Limit, strings.Join(words, ", "))},
		field{"event", object{
			{"kind", "alert"},
			{"category", []string{"intrusion_detection", "network"}},
			{"type", []string{"info"}},
			{"action", "sip-alerts-folded"},
			{"outcome", "unknown"},
			{"severity", detect.SeverityHigh},
			{"start", isoTime(begin)},
			{"end", isoTime(begin.Add(time.Minute))},
			{"created", isoTime(created)},
			{"id", hex.EncodeToString(id[:16])},
			{"module", "siphunt"},
			{"dataset", "siphunt.alert"},
			{"provider", "siphunt"},
			{"reason", fmt.Sprintf("%s beyond max_alerts_per_minute = %d", count(total, "alert"), f.Limit)},
		}},
		field{"observer", observer(o)},
		field{"siphunt", object{{"folded", counts}}},
		field{"ecs", object{{"version", ecsVersion}}},
	)
}

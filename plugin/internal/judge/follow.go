package judge

import (
	"io"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/guard"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/rules"
	"github.com/siphunt/siphunt/plugin/internal/state"
)

// Follower is what a detector knows that is at work in another process, as far as its state on the disk tells.
type Follower struct {
	name   string
	source *rules.Source
	today  *rules.Rules
	state  *state.Follower
	got    *Restored

	// Now is the wall clock of the newest entry, Unix milliseconds; 0 if there was none since the first snapshot that was read. A detector
	// that is at work writes one each second.
	Now int64
	// Lag is how far the newest record of the last chunk was behind the wall clock, milliseconds.
	Lag int64

	noted   int64                   // wall clock up to which figures were taken before the newest snapshot was read
	begun   int64                   // wall clock of the first entry, seconds
	seconds [rateSpan]recordsSecond // of the last entries, by second modulo rateSpan
}

// rateSpan is over how many seconds the rate is a mean.
const rateSpan = 10

// recordsSecond is how many records came in a second.
type recordsSecond struct {
	second int64
	n      uint64
}

// NewFollower returns one of the detector of a name, whose state is in a folder, and reads nothing yet. The rules given are those in force
// while the state tells of none.
func NewFollower(folder, name string, source *rules.Source, r *rules.Rules) (*Follower, error) {
	got, err := Unknown(r)
	s := state.NewFollower(state.Disk{}, folder, byte(len(Formats)-1))
	return &Follower{name: name, source: source, today: r, state: s, got: got}, err
}

// Follow reads what the other process has written since the last call.
func (f *Follower) Follow() error {
	var e journal.Entry
	return f.state.Follow(func(version byte, snapshot io.Reader) error {
		f.noted = f.Now // entries up to it come again
		return guard.Call(func() error { return f.got.replace(snapshot, f.parse, f.today, Formats[version]) })
	}, func(version byte, payload []byte) error {
		err := guard.Call(func() error { return f.got.redo(&e, payload, f.name, f.parse, Formats[version]) })
		if err == nil {
			f.note(&e)
		}
		return err
	})
}

// parse makes rules of the text that was in force, or those of today where this siphunt refuses it, as Restore does.
func (f *Follower) parse(text string) (*rules.Rules, error) {
	if then, err := f.source.Parse(text); err == nil {
		return then, nil
	}
	return f.source.Parse(f.today.Text)
}

// note takes the figures of an entry.
func (f *Follower) note(e *journal.Entry) {
	f.Now = max(f.Now, e.Now)
	second := e.Now / 1000
	if f.begun == 0 {
		f.begun = second
	}
	if e.Kind != journal.Chunk || second < 0 || e.Now <= f.noted {
		return
	}
	s := &f.seconds[second%rateSpan]
	if s.second != second {
		*s = recordsSecond{second: second}
	}
	s.n += recordsOf(&e.Batch)
	if t := e.Batch.Newest(); t > 0 {
		f.Lag = e.Now - t
	}
}

// Rate returns how many SIP records a second came in the last ten seconds.
func (f *Follower) Rate() float64 {
	now, n := f.Now/1000, uint64(0)
	for _, s := range f.seconds {
		if s.second > now-rateSpan {
			n += s.n
		}
	}
	return float64(n) / float64(min(now-f.begun+1, rateSpan))
}

func recordsOf(b *flow.Batch) uint64 {
	n := uint64(len(b.Flows))
	for _, m := range b.Marks {
		n += uint64(m.N)
	}
	return n
}

// Stats returns the detector's figures.
func (f *Follower) Stats() detect.Stats { return f.got.Detector.Stats() }

// Incidents returns the open incidents, as detect.Detector.OpenIncidents does.
func (f *Follower) Incidents(most int) []detect.Alert { return f.got.Detector.OpenIncidents(most) }

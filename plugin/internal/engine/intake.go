package engine

import (
	"sync"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
)

// intake puts what comes into one order, which is that of the journal and of the queue: another process that reads the
// journal does the same things one after the other.
type intake struct {
	now     func() time.Time
	queue   *queue
	outbox  *outbox.Outbox
	journal *journal.Writer // nil without a state_dir that can be used
	entries sync.Pool       // of *journal.Item, for chunks

	mu     sync.Mutex   // of the order, and of all below; nobody waits for the disk with it
	dedup  *dedup.Dedup // nil without a journal
	counts intakeCounts
}

// intakeCounts are what the intake counts.
type intakeCounts struct {
	flows       flow.Stats // without examples
	flushes     uint64
	redelivered uint64
	lag         int64 // of the newest record of the last chunk behind the wall clock, milliseconds
}

// take hands a chunk to the judge, unless it was counted before a crash. When it returns, the chunk is in the journal, and
// its bytes are not needed any more.
func (in *intake) take(c *chunk, bytes []byte) {
	stats := c.batch.Stats
	var entry *journal.Item
	var fingerprint journal.Fingerprint
	if in.journal != nil {
		entry, _ = in.entries.Get().(*journal.Item)
		if entry == nil {
			entry = journal.NewItem()
		}
		fingerprint = in.dedup.Fingerprint(bytes)
		entry.Body = journal.AppendBatch(entry.Body[:0], &c.batch)
	}
	c.own()
	in.queue.waitForRoom()
	if !in.order(c, &stats, entry, fingerprint) || entry == nil {
		return
	}
	if in.journal.Wait(entry) == nil {
		in.entries.Put(entry)
	}
}

// order gives a chunk its place. It returns false if the chunk was counted before.
func (in *intake) order(c *chunk, stats *flow.Stats, entry *journal.Item, fingerprint journal.Fingerprint) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.counts.flushes++
	if entry != nil && in.dedup.Again(fingerprint) {
		in.counts.redelivered++
		c.release()
		return false
	}
	now := in.now().UnixMilli()
	in.counts.flows.Add(stats)
	if t := c.batch.Newest(); t > 0 {
		in.counts.lag = now - t
	}
	if entry != nil {
		in.dedup.Counted(fingerprint)
		entry.Head = journal.AppendHead(entry.Head[:0], journal.Chunk, now, in.outbox.Newest())
		entry.Head = append(entry.Head, fingerprint[:]...)
		in.journal.Append(entry)
	}
	in.queue.push(message{now: now, chunk: c})
	return true
}

// tick has a second pass.
func (in *intake) tick() { in.wait(in.orderTick()) }

func (in *intake) orderTick() *journal.Item {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.now().UnixMilli()
	in.queue.push(message{now: now})
	return in.write(journal.Tick, now, in.outbox.Newest(), "")
}

// delivered notes which alerts need not come again.
func (in *intake) delivered(upTo uint64) { in.wait(in.orderDelivered(upTo)) }

func (in *intake) orderDelivered(upTo uint64) *journal.Item {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.write(journal.Delivered, in.now().UnixMilli(), upTo, "")
}

// change has other rules put in force, and waits for it.
func (in *intake) change(r *rules) error {
	done := make(chan error, 1)
	in.wait(in.orderChange(r, done))
	return <-done
}

func (in *intake) orderChange(r *rules, done chan<- error) *journal.Item {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.now().UnixMilli()
	in.queue.push(message{now: now, done: done, do: func(j *judge) error { return j.change(r, now) }})
	return in.write(journal.Rules, now, in.outbox.Newest(), r.text)
}

// do has the judge do something in its turn.
func (in *intake) do(do func(*judge) error) error {
	done := make(chan error, 1)
	in.queue.push(message{do: do, done: done})
	return <-done
}

// beginGeneration lets a generation of the journal begin, and has the judge write a snapshot of all that is before it.
func (in *intake) beginGeneration(begin *journal.Item, snapshot func(*judge, *known) error, done chan<- error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.journal.Begin(begin)
	k := &known{key: in.dedup.Key, recent: in.dedup.InOrder()}
	in.queue.push(message{done: done, do: func(j *judge) error { return snapshot(j, k) }})
}

// write appends an entry, if there is a journal. The lock is held.
func (in *intake) write(kind journal.Kind, now int64, alert uint64, text string) *journal.Item {
	if in.journal == nil {
		return nil
	}
	entry := journal.NewItem()
	entry.Head, entry.Body = journal.AppendHead(nil, kind, now, alert), []byte(text)
	in.journal.Append(entry)
	return entry
}

// wait waits until an entry is in the journal, without the lock. The writer tells of faults.
func (in *intake) wait(entry *journal.Item) {
	if entry != nil {
		_ = in.journal.Wait(entry)
	}
}

// read returns the figures.
func (in *intake) read() intakeCounts {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.counts
}

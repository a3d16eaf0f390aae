package engine

import (
	"sync"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/dedup"
	"github.com/siphunt/siphunt/plugin/internal/figures"
	"github.com/siphunt/siphunt/plugin/internal/flow"
	"github.com/siphunt/siphunt/plugin/internal/journal"
	"github.com/siphunt/siphunt/plugin/internal/judge"
	"github.com/siphunt/siphunt/plugin/internal/outbox"
	"github.com/siphunt/siphunt/plugin/internal/rules"
)

// intake puts what comes into one order, which is that of the journal and of the queue: another process that reads the
// journal does the same things one after the other.
type intake struct {
	now     func() time.Time
	queue   *judge.Queue
	outbox  *outbox.Outbox
	journal *journal.Writer // nil without a state_dir that can be used
	entries sync.Pool       // of *journal.Item, for chunks

	mu     sync.Mutex   // of the order, and of all below; nobody waits for the disk with it
	dedup  *dedup.Dedup // nil without a journal
	counts figures.Intake
}

// take hands a chunk to the judge, unless it was counted before a crash. When it returns, the chunk is in the journal, and
// its bytes are not needed any more.
func (in *intake) take(c *rules.Chunk, bytes []byte) {
	stats := c.Batch.Stats
	var entry *journal.Item
	var fingerprint journal.Fingerprint
	if in.journal != nil {
		entry, _ = in.entries.Get().(*journal.Item)
		if entry == nil {
			entry = journal.NewItem()
		}
		fingerprint = in.dedup.Fingerprint(bytes)
		entry.Body = journal.AppendBatch(entry.Body[:0], &c.Batch)
	}
	c.Own()
	in.queue.WaitForRoom()
	if !in.order(c, &stats, entry, fingerprint) || entry == nil {
		return
	}
	if in.journal.Wait(entry) == nil {
		in.entries.Put(entry)
	}
}

// order gives a chunk its place. It returns false if the chunk was counted before.
func (in *intake) order(c *rules.Chunk, stats *flow.Stats, entry *journal.Item, fingerprint journal.Fingerprint) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.counts.Flushes++
	if entry != nil && in.dedup.Again(fingerprint) {
		in.counts.Redelivered++
		c.Release()
		return false
	}
	now := in.now().UnixMilli()
	in.counts.Flows.Add(stats)
	if t := c.Batch.Newest(); t > 0 {
		in.counts.Lag = now - t
	}
	if entry != nil {
		in.dedup.Counted(fingerprint)
		entry.Head = journal.AppendHead(entry.Head[:0], journal.Chunk, now, in.outbox.Newest())
		entry.Head = append(entry.Head, fingerprint[:]...)
		in.journal.Append(entry)
	}
	in.queue.Push(judge.Message{Now: now, Chunk: c})
	return true
}

// tick has a second pass.
func (in *intake) tick() { in.wait(in.orderTick()) }

func (in *intake) orderTick() *journal.Item {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.now().UnixMilli()
	in.queue.Push(judge.Message{Now: now})
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
func (in *intake) change(r *rules.Rules) error {
	done := make(chan error, 1)
	in.wait(in.orderChange(r, done))
	return <-done
}

func (in *intake) orderChange(r *rules.Rules, done chan<- error) *journal.Item {
	in.mu.Lock()
	defer in.mu.Unlock()
	now := in.now().UnixMilli()
	in.queue.Push(judge.Message{Now: now, Done: done, Do: func(j *judge.Judge) error { return j.Change(r, now) }})
	return in.write(journal.Rules, now, in.outbox.Newest(), r.Text)
}

// do has the judge do something in its turn.
func (in *intake) do(do func(*judge.Judge) error) error {
	done := make(chan error, 1)
	in.queue.Push(judge.Message{Do: do, Done: done})
	return <-done
}

// beginGeneration lets a generation of the journal begin, and has the judge write a snapshot of all that is before it.
func (in *intake) beginGeneration(begin *journal.Item, snapshot func(*judge.Judge, *dedup.Known) error, done chan<- error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.journal.Begin(begin)
	k := in.dedup.Known()
	in.queue.Push(judge.Message{Done: done, Do: func(j *judge.Judge) error { return snapshot(j, k) }})
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
func (in *intake) read() figures.Intake {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.counts
}

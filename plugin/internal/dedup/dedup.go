// Package dedup knows which chunks were counted, so that one that comes again after a crash is not counted again.
package dedup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"

	"github.com/siphunt/siphunt/plugin/internal/journal"
)

// Chunks is how many chunks are remembered: Fluent Bit keeps one that all its outputs have not taken yet, and after
// a crash gives it to each of them again.
const Chunks = 1 << 14

// Dedup knows chunks by their fingerprints. Without a
// crash in between, the same bytes are another chunk.
type Dedup struct {
	Key     [16]byte
	mac     cipher.AEAD
	Recent  []journal.Fingerprint       // a ring
	next    int                         // where the oldest is once the ring is full
	earlier map[journal.Fingerprint]int // those of earlier processes that have not come again, how many of each
	news    int                         // chunks since the start, until earlier is forgotten
}

// New takes the key of an earlier process, or a new one.
func New(key []byte) (*Dedup, error) {
	d := &Dedup{}
	if copy(d.Key[:], key) == 0 {
		_, _ = rand.Read(d.Key[:]) // never fails
	}
	block, err := aes.NewCipher(d.Key[:])
	if err != nil {
		return nil, err
	}
	d.mac, err = cipher.NewGCM(block)
	return d, err
}

// nonce may be the same for all: the tags stay secret, and nothing is encrypted.
var nonce [12]byte

// Fingerprint is the GMAC of a chunk (NIST SP 800-38D), as fast as memory on today's processors. Since nobody knows the
// key, nobody who sends packets can make two chunks look alike. It is safe for concurrent use.
func (d *Dedup) Fingerprint(chunk []byte) (f journal.Fingerprint) {
	d.mac.Seal(f[:0], nonce[:], nil, chunk)
	return f
}

// Counted remembers a chunk.
func (d *Dedup) Counted(f journal.Fingerprint) {
	if len(d.Recent) < Chunks {
		d.Recent = append(d.Recent, f)
	} else {
		d.Recent[d.next] = f
		d.next = (d.next + 1) % Chunks
	}
	if d.news++; d.news >= Chunks {
		d.earlier = nil
	}
}

// Restarted makes all chunks so far those of an earlier process.
func (d *Dedup) Restarted() {
	d.earlier, d.news = make(map[journal.Fingerprint]int, len(d.Recent)), 0
	for _, f := range d.Recent {
		d.earlier[f]++
	}
}

// Again tells whether an earlier process has counted a chunk. Each time it did makes it true once.
func (d *Dedup) Again(f journal.Fingerprint) bool {
	n := d.earlier[f]
	if n > 0 {
		d.earlier[f] = n - 1
	}
	return n > 0
}

// InOrder returns the fingerprints, oldest first.
func (d *Dedup) InOrder() []journal.Fingerprint {
	return append(append([]journal.Fingerprint{}, d.Recent[d.next:]...), d.Recent[:d.next]...)
}

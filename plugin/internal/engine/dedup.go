package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"

	"github.com/siphunt/siphunt/plugin/internal/journal"
)

// recentChunks is how many chunks are remembered: Fluent Bit keeps one that all its outputs have not taken yet, and after
// a crash gives it to each of them again.
const recentChunks = 1 << 14

// dedup knows which chunks were counted, so that one that comes again after a crash is not counted again. Without a
// crash in between, the same bytes are another chunk.
type dedup struct {
	key     [16]byte
	mac     cipher.AEAD
	recent  []journal.Fingerprint       // a ring
	next    int                         // where the oldest is once the ring is full
	earlier map[journal.Fingerprint]int // those of earlier processes that have not come again, how many of each
	news    int                         // chunks since the start, until earlier is forgotten
}

// newDedup takes the key of an earlier process, or a new one.
func newDedup(key []byte) (*dedup, error) {
	d := &dedup{}
	if copy(d.key[:], key) == 0 {
		_, _ = rand.Read(d.key[:]) // never fails
	}
	block, err := aes.NewCipher(d.key[:])
	if err != nil {
		return nil, err
	}
	d.mac, err = cipher.NewGCM(block)
	return d, err
}

// nonce may be the same for all: the tags stay secret, and nothing is encrypted.
var nonce [12]byte

// fingerprint is the GMAC of a chunk (NIST SP 800-38D), as fast as memory on today's processors. Since nobody knows the
// key, nobody who sends packets can make two chunks look alike. It is safe for concurrent use.
func (d *dedup) fingerprint(chunk []byte) (f journal.Fingerprint) {
	d.mac.Seal(f[:0], nonce[:], nil, chunk)
	return f
}

// counted remembers a chunk.
func (d *dedup) counted(f journal.Fingerprint) {
	if len(d.recent) < recentChunks {
		d.recent = append(d.recent, f)
	} else {
		d.recent[d.next] = f
		d.next = (d.next + 1) % recentChunks
	}
	if d.news++; d.news >= recentChunks {
		d.earlier = nil
	}
}

// restarted makes all chunks so far those of an earlier process.
func (d *dedup) restarted() {
	d.earlier, d.news = make(map[journal.Fingerprint]int, len(d.recent)), 0
	for _, f := range d.recent {
		d.earlier[f]++
	}
}

// again tells whether an earlier process has counted a chunk. Each time it did makes it true once.
func (d *dedup) again(f journal.Fingerprint) bool {
	n := d.earlier[f]
	if n > 0 {
		d.earlier[f] = n - 1
	}
	return n > 0
}

// inOrder returns the fingerprints, oldest first.
func (d *dedup) inOrder() []journal.Fingerprint {
	return append(append([]journal.Fingerprint{}, d.recent[d.next:]...), d.recent[:d.next]...)
}

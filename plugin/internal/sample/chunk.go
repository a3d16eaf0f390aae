// Package sample makes flow records for benchmarks, in chunks as Fluent Bit gives them to an output.
//
// Making a record takes longer than judging it. So a chunk is made once, and what differs from one pass to the next is
// written over: times go on, and answers come from other clients about other extensions.
package sample

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	// Relevant is the share of records that are answers to be counted in the week of the paper: 40,909,352 of 718,627,758.
	Relevant = 0.057
	// Records fill a chunk of Fluent Bit, 2 MB.
	Records = 3000
	// Start is the time of the first record, Unix milliseconds.
	Start = 1_795_340_436_788
	// Pace is how long the records of a chunk take, in milliseconds: there are about 1,200 a second in the week of the paper.
	Pace = 2500
)

// Chunk is a run of records. Relevant holds the numbers of those that are answers to be counted.
type Chunk struct {
	Bytes    []byte
	Relevant []int

	records []record
	scratch []byte
}

// record tells where in the chunk stands what can be written over.
type record struct {
	ms                                     int64
	event                                  int   // the time that Fluent Bit gave it
	stamps, seconds, clients, users, codes []int // all other places of its time, in two forms; of its parties; of its status
}

// New makes a chunk of so many records, of the exporters that are named in turn by chance. relevant is the share of answers that
// count; as many are the requests before them, and the rest are other requests and answers in equal parts. It is the same each time.
func New(records int, relevant float64, exporters ...string) *Chunk {
	random := rand.New(rand.NewPCG(1, 2))
	c := &Chunk{}
	for i := range records {
		m := message{
			ms: Start + int64(i)*Pace/int64(records), server: "198.18.0.10", client: string(appendClient(nil, random.IntN(5000))),
			user:   string(appendUser(nil, random.IntN(2000))),
			callID: fmt.Sprint(random.Uint32()), port: 5060,
		}
		size := 350 + random.IntN(300)
		switch share := random.Float64(); {
		case share < relevant:
			m.answer([]int{401, 401, 401, 404, 403, 200}[random.IntN(6)], "2 REGISTER", size)
			c.Relevant = append(c.Relevant, i)
		case share < 2*relevant:
			m.ask(5, "1 REGISTER", size)
		case share < 0.5+relevant:
			m.ask([]int{1, 2, 4, 6, 6, 8}[random.IntN(6)], fmt.Sprint(random.IntN(200), " OPTIONS"), size)
		default:
			m.answer([]int{200, 200, 200, 100, 180, 404}[random.IntN(6)], fmt.Sprint(random.IntN(200), " INVITE"), size)
		}
		c.add(&m, exporterFields[exporters[random.IntN(len(exporters))]](&m))
	}
	return c
}

// Mix is a chunk of the records of both exporters, with as many relevant ones as in the week of the paper.
func Mix() *Chunk { return New(Records, Relevant, Ipfixcol2, UniRec) }

// add appends a record and notes where in it stands what can be written over.
func (c *Chunk) add(m *message, fields []byte) {
	from := len(c.Bytes)
	r := record{ms: m.ms, event: from + 4}
	c.Bytes = append(c.Bytes, 0x92, 0x92, 0xd7, 0)
	c.Bytes = binary.BigEndian.AppendUint32(c.Bytes, uint32(m.ms/1000))
	c.Bytes = binary.BigEndian.AppendUint32(c.Bytes, uint32(m.ms%1000*1e6))
	c.Bytes = append(c.Bytes, 0x80)
	from = len(c.Bytes)
	c.Bytes = append(c.Bytes, fields...)
	r.stamps = c.places(from, appendStamp(nil, m.ms))
	r.seconds = c.places(from, binary.BigEndian.AppendUint64([]byte{0xcb}, math.Float64bits(float64(m.ms)/1000)))
	r.clients = c.places(from, []byte(m.client))
	r.users = c.places(from, []byte(m.user))
	if m.status > 0 {
		r.codes = c.places(from, []byte{0xcd, byte(m.status >> 8), byte(m.status)})
	}
	c.records = append(c.records, r)
}

// places finds all occurrences of something.
func (c *Chunk) places(from int, of []byte) (at []int) {
	for {
		i := bytes.Index(c.Bytes[from:], of)
		if i < 0 {
			return at
		}
		at = append(at, from+i)
		from += i + len(of)
	}
}

// Len is the number of records.
func (c *Chunk) Len() int { return len(c.records) }

// Advance moves the times of all records by so many milliseconds.
func (c *Chunk) Advance(by int64) {
	for i := range c.records {
		c.SetTime(i, c.records[i].ms+by)
	}
}

// Time is the time of record i, Unix milliseconds.
func (c *Chunk) Time(i int) int64 { return c.records[i].ms }

// SetTime writes another time over that of record i.
func (c *Chunk) SetTime(i int, ms int64) {
	r := &c.records[i]
	r.ms = ms
	binary.BigEndian.PutUint32(c.Bytes[r.event:], uint32(ms/1000))
	binary.BigEndian.PutUint32(c.Bytes[r.event+4:], uint32(ms%1000*1e6))
	c.scratch = appendStamp(c.scratch[:0], ms)
	c.write(r.stamps)
	for _, at := range r.seconds {
		binary.BigEndian.PutUint64(c.Bytes[at+1:], math.Float64bits(float64(ms)/1000))
	}
}

// SetAnswer makes record i, a relevant one, an answer with this status to one of 100 million clients about one of 100
// million extensions.
func (c *Chunk) SetAnswer(i, client, extension, status int) {
	r := &c.records[i]
	c.scratch = appendClient(c.scratch[:0], client)
	c.write(r.clients)
	c.scratch = appendUser(c.scratch[:0], extension)
	c.write(r.users)
	for _, at := range r.codes {
		binary.BigEndian.PutUint16(c.Bytes[at+1:], uint16(status))
	}
}

func (c *Chunk) write(places []int) {
	for _, at := range places {
		copy(c.Bytes[at:], c.scratch)
	}
}

// Names and times always take the same room.

// appendClient appends an address in which all numbers have three digits.
func appendClient(b []byte, n int) []byte {
	for unit := 1_000_000; unit > 1; unit /= 100 {
		b = append(strconv.AppendInt(b, int64(100+n/unit%100), 10), '.')
	}
	return strconv.AppendInt(b, int64(100+n%100), 10)
}

func appendUser(b []byte, n int) []byte { return strconv.AppendInt(b, int64(100_000_000+n), 10) }

func appendStamp(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

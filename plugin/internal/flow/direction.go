package flow

import "math/bits"

// An exporter of biflows keeps the direction of the flow's first packet, and gives a message and what follows it in its
// flow, until the next message, one record: acknowledgements, keepalives. The counters tell who sent the message.

const anyCount = 1<<63 - 1

// sender says whether the source of the flow sent the message. It is on the side that has packets, and where both have, on
// the one with more octets a packet: hundreds of keepalives are more octets than one message. Without counters the source
// is the sender.
func (m *message) sender() (isSource bool) {
	if m.lay.at[fieldPacketsForward]|m.lay.at[fieldPacketsReverse] == 0 {
		return true
	}
	forward, reverse := m.packets()
	switch {
	case forward == 0 && reverse == 0:
		m.fault(Duplicate, wholeRecord)
	case forward == 0:
		return false
	case reverse > 0:
		return !less(m.integer(fieldOctetsForward, anyCount), forward, m.integer(fieldOctetsReverse, anyCount), reverse)
	}
	return true
}

// shared says whether the record holds more packets than the message's.
func (m *message) shared() bool {
	if m.lay.at[fieldStart] == 0 || m.lay.at[fieldPacketsForward]|m.lay.at[fieldPacketsReverse] == 0 {
		return false
	}
	forward, reverse := m.packets()
	return forward > 1 || reverse > 1 || forward+reverse > 1
}

// maxExchange is the longest that a record may take, in milliseconds, for its end to be the time of the answer in it.
const maxExchange = 1000

// answered is the time of an answer in a record that other packets share. It lies between the record's start, which is the time
// of the message before, mostly the request, and its end, the time of the last packet: an acknowledgement in the same
// moment, or a keepalive minutes later.
func answered(start, end int64) int64 {
	if end-start > maxExchange {
		return start
	}
	return end
}

func (m *message) packets() (forward, reverse int64) {
	return m.integer(fieldPacketsForward, anyCount), m.integer(fieldPacketsReverse, anyCount)
}

// less compares a/b with c/d, all of them positive, without rounding.
func less(a, b, c, d int64) bool {
	high1, low1 := bits.Mul64(uint64(a), uint64(d))
	high2, low2 := bits.Mul64(uint64(c), uint64(b))
	return high1 < high2 || high1 == high2 && low1 < low2
}

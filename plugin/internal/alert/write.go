package alert

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	jsoniter "github.com/json-iterator/go"
	"github.com/tinylib/msgp/msgp"
)

func appendJSON(dst []byte, o object) []byte {
	s := jsoniter.NewStream(jsoniter.ConfigDefault, nil, 0)
	s.SetBuffer(dst)
	writeJSON(s, o)
	return s.Buffer()
}

func writeJSON(s *jsoniter.Stream, value any) {
	switch v := value.(type) {
	case string:
		s.WriteString(v)
	case int:
		s.WriteInt(v)
	case float64:
		s.WriteRaw(decimal(v))
	case bool:
		s.WriteBool(v)
	case []string:
		writeJSONList(s, v)
	case []int:
		writeJSONList(s, v)
	case []object:
		writeJSONList(s, v)
	case object:
		s.WriteObjectStart()
		for i, f := range v {
			if i > 0 {
				s.WriteMore()
			}
			s.WriteObjectField(f.name)
			writeJSON(s, f.value)
		}
		s.WriteObjectEnd()
	default:
		panic(fmt.Sprintf("no JSON for %T", value))
	}
}

func writeJSONList[T any](s *jsoniter.Stream, list []T) {
	s.WriteArrayStart()
	for i, v := range list {
		if i > 0 {
			s.WriteMore()
		}
		writeJSON(s, v)
	}
	s.WriteArrayEnd()
}

// decimal always has a decimal point: Elasticsearch maps a new field by its first value, and 1 would make it a long.
func decimal(v float64) string {
	if v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// appendEvent appends [[EventTime, {}], o], the log event of Fluent Bit since 2.1. ms is Unix time in milliseconds.
func appendEvent(dst []byte, ms int64, o object) []byte {
	dst = msgp.AppendArrayHeader(dst, 2)
	dst = msgp.AppendArrayHeader(dst, 2)
	dst = appendEventTime(dst, ms)
	dst = msgp.AppendMapHeader(dst, 0)
	return appendMsgpack(dst, o)
}

// appendEventTime appends the EventTime of the Fluentd Forward Protocol v1: 8 bytes of extension type 0, seconds and
// nanoseconds as big endian. The two greatest seconds are Fluent Bit's marks of record groups, and no times.
func appendEventTime(dst []byte, ms int64) []byte {
	const fixext8, eventTime, greatest = 0xd7, 0, (math.MaxUint32-1)*1000 - 1
	ms = min(max(ms, 0), greatest)
	dst = append(dst, fixext8, eventTime)
	dst = binary.BigEndian.AppendUint32(dst, uint32(ms/1000))
	return binary.BigEndian.AppendUint32(dst, uint32(ms%1000)*1_000_000)
}

func appendMsgpack(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return msgp.AppendString(dst, v)
	case int:
		return msgp.AppendInt(dst, v)
	case float64:
		return msgp.AppendFloat64(dst, v)
	case bool:
		return msgp.AppendBool(dst, v)
	case []string:
		return msgp.AppendArray(dst, v, msgp.AppendString)
	case []int:
		return msgp.AppendArray(dst, v, msgp.AppendInt)
	case []object:
		return msgp.AppendArray(dst, v, func(b []byte, o object) []byte { return appendMsgpack(b, o) })
	case object:
		dst = msgp.AppendMapHeader(dst, uint32(len(v)))
		for _, f := range v {
			dst = msgp.AppendString(dst, f.name)
			dst = appendMsgpack(dst, f.value)
		}
		return dst
	}
	panic(fmt.Sprintf("no MessagePack for %T", value))
}

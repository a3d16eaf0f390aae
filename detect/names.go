package detect

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unsafe"

	"github.com/siphunt/siphunt/detect/internal/store"
)

// maxName is the length of the longest extension that is kept as it is, in bytes.
const maxName = store.MaxText

// shortName returns the extension as it is kept: itself, or a form of maxName bytes that still tells long ones apart.
// The result lives in buf or in the argument.
func shortName(extension string, buf *[maxName]byte) string {
	if len(extension) <= maxName {
		return extension
	}
	const kept = maxName - 1 - 16
	sum := sha256.Sum256(unsafe.Slice(unsafe.StringData(extension), len(extension)))
	copy(buf[:kept], extension)
	buf[kept] = '~'
	hex.Encode(buf[kept+1:], sum[:8])
	return unsafe.String(&buf[0], maxName)
}

// keepName keeps the name of an extension. Most accounts of a server share its domain, which makes most of their names:
// the registrar remembers the first domain that it is given, and names that end in it are kept without it. What another one
// chooses to begin with costs memory, no more; no result depends on it.
func (m *directory) keepName(e *extension, name string) {
	r := &m.registrars[e.registrar]
	if r.domain == "" {
		if at := strings.LastIndexByte(name, '@'); at >= 0 {
			r.domain = strings.Clone(name[at:])
		}
	}
	if r.domain != "" && strings.HasSuffix(name, r.domain) {
		e.flags |= sharesDomain
		name = name[:len(name)-len(r.domain)]
	}
	e.name, e.length = m.names.Add(name), uint8(len(name))
}

// nameOf returns the whole name of an extension. It lives in buf, or as long as the extension.
func (m *directory) nameOf(e *extension, buf *[maxName]byte) string {
	kept := m.names.Get(e.name, int(e.length))
	if e.flags&sharesDomain == 0 {
		return kept
	}
	n := copy(buf[:], kept)
	n += copy(buf[n:], m.registrars[e.registrar].domain)
	return unsafe.String(&buf[0], n)
}

// isCalled tells whether name is the whole name of an extension.
func (m *directory) isCalled(e *extension, name string) bool {
	if e.flags&sharesDomain != 0 {
		user := int(e.length)
		if len(name) < user || name[user:] != m.registrars[e.registrar].domain {
			return false
		}
		name = name[:user]
	}
	return int(e.length) == len(name) && m.names.Get(e.name, len(name)) == name
}

package detect

import (
	"crypto/sha256"
	"encoding/hex"
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

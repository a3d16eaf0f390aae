// Package guard makes errors of panics, so that a fault in siphunt ends neither Fluent Bit nor the goroutine that it is in.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Panic is what a function has panicked with.
type Panic struct {
	reason any
	stack  []byte
}

func (p *Panic) Error() string {
	return fmt.Sprintf("a fault in siphunt, please report it: %v\n%s", p.reason, p.stack)
}

// Call calls a function and returns its error, which is a *Panic if it panics.
func Call(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Panic{r, debug.Stack()}
		}
	}()
	return do()
}

package main

/*
#include <stdlib.h>
#include "library.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// libraryPath is the file that Fluent Bit has loaded.
func libraryPath() string { return C.GoString(C.loaded_path()) }

// checkCopies fails if this process has loaded the library from a second file, too. That would be a second Go runtime,
// which shares no memory with this one: flows would go into the one, and alerts be waited for in the other.
func checkCopies() error {
	p := C.loaded_copy()
	if p == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(p))
	return fmt.Errorf("this library was loaded from two files, %s and %s, and cannot work as a pair: list the same path twice, a copy does not work. %s",
		C.GoString(p), libraryPath(), listTwice())
}

// listTwice says which line to add.
func listTwice() string {
	return fmt.Sprintf(`YAML: "- %[1]s" twice under "plugins:"; plugins file: "Path %[1]s" twice under [PLUGINS]; command line: "-e %[1]s" twice`, libraryPath())
}

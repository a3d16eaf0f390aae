// Package config reads siphunt.toml:
//
//	config.go    what a file holds, and how it is read
//	schema.go    its tables and keys; values.go what their values may be
//	reader.go    goes through a file key by key; lines.go knows their lines, suggest.go what was meant
//	validate.go  asks the other packages whether they can work with it
//	watch.go     sees that the file has changed
//
// An error says what to change: file and line, key, value, reason, and an example that works. All that is wrong with a file is
// reported at once.
package config

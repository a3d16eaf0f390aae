/* This library as a file that a process has loaded. */
#ifndef SIPHUNT_LIBRARY_H
#define SIPHUNT_LIBRARY_H

#pragma GCC visibility push(hidden)

/* The path under which this library was loaded. */
const char *loaded_path(void);

/*
 * The path of another file with this library in it that the process has loaded too, NULL if there is none. The caller
 * frees it.
 */
char *loaded_copy(void);

#pragma GCC visibility pop

#endif

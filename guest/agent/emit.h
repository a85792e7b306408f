/* Puts lines on a console that others write to as well. */
#ifndef INTERDOM_EMIT_H
#define INTERDOM_EMIT_H

/*
 * Copies standard input to standard output line by line as "@interdom CHECKSUM WINDOW KIND TEXT". The checksum
 * (FNV-1a, 32 bits, eight hexadecimal digits, over all that follows it and its blank) shows the reader a line into which
 * the hypervisor or the kernel wrote.
 */
int emit_lines(const char *window, const char *kind);

#endif

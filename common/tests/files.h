// For tests of files: names in a folder, a file written, a file compared.
#pragma once

// "folder/name". The last four answers stay valid.
char *inside(const char *folder, const char *name);
// The test fails where it cannot be written.
void write_file(const char *path, const char *text);
// The test fails where the file is not there, or holds anything else.
void holds(const char *path, const char *text);

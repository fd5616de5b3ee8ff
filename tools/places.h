// Which lab states a claim: a table in C, made of a chapter's labs for its --claim.
//
// A file of labs/ states the claims in it for the labs it defines (const LabSpec lab_x =
// {"x", ...). A file that defines none helps those that include its header, and states
// them for these.
#pragma once
#include <stdio.h>

#include "common/error.h"

// chapter: its folder. The table is common/program/program.h's claim_places.
bool places_write(FILE *out, const char *chapter, Error *err);

// There is no memory but malloc's, and nothing to wish for.
#pragma once

// The graders' harness: what is earned, what is said, and that nothing a student does
// gets further than its own problem.
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/program/homework.h"
#include "common/program/homework_relation.h"

// ---- Checks, with a student's work inside
// ---------------------------------------------------------------

static void passing(Grade *g) {
    grade_expect(g, 15, 1 + 1 == 2, "never seen");
    grade_near(g, 5, "pi", 3.14159, M_PI, 1e-5);
}
static void partial(Grade *g) {
    grade_expect(g, 5, true, "never seen");
    grade_expect(g, 10, false, "the first hint, with %d and %s", 7, "words");
    grade_expect(g, 3, false, "the second hint");
    grade_expect(g, 2, true, "never seen");
}
static void mistaken(Grade *g) {
    grade_expect(g, 4, true, "never seen");
    grade_expect(g, 6, false, "a generic hint");
    grade_mistake(g, false, "never", "never seen");
    grade_mistake(g, true, "unscaled", "these are the %s scores", "unscaled");
    grade_mistake(g, true, "later", "a later diagnosis");
    grade_expect(g, 6, true, "earns nothing after a mistake");
    grade_expect(g, 4, false, "score 0 is %d, should be %d", 8, 4);
}
static void mistaken_unnoticed(Grade *g) {
    grade_expect(g, 20, true, "never seen");
    grade_mistake(g, true, "luck", "right for the wrong reason");
}
static void wrong_sum(Grade *g) { grade_expect(g, 15, true, "never seen"); }

static int stub(int a, double b, const char *c) { HW_TODO(a, b, c); }
static void not_done(Grade *g) {
    grade_expect(g, 20, stub(1, 2, "3") == 6, "never seen");
}
static void half_done(Grade *g) {
    grade_expect(g, 5, true, "never seen");
    not_done(g);
}

static void failing_part(Grade *g) {
    grade_mistake(g, true, "first", "the first diagnosis");
    grade_expect(g, 5, false, "the first symptom");
}
static void second_part(Grade *g) {
    grade_mistake(g, true, "second", "the second diagnosis");
    grade_expect(g, 5, false, "the second symptom");
}
static void good_part(Grade *g) { grade_expect(g, 4, true, "never seen"); }
static void todo_part(Grade *g) {
    grade_expect(g, 6, stub(1, 2, "3") == 6, "never seen");
}
static void in_parts(Grade *g) {
    grade_part(g, failing_part(g));
    grade_part(g, good_part(g));
    grade_part(g, todo_part(g));
    grade_part(g, second_part(g));
}
static void stub_and_more(Grade *g) {
    grade_part(g, todo_part(g));
    grade_part(g, good_part(g));
    grade_expect(g, 10, false, "another symptom");
}

static volatile int sum;
static void one_too_far(Grade *g) {
    static const int numbers[] = {1, 2, 3};
    const volatile int *given = grade_guarded("numbers", numbers, sizeof numbers);
    for (int i = 0; i < 3; i++) sum += given[i];
    grade_expect(g, 10, sum == 6, "never seen");
    for (int i = 0; i <= 3; i++) sum += given[i];
    grade_expect(g, 10, true, "never seen");
}
static void one_too_far_in_case(Grade *g) {
    grade_case(g, "with three rows");
    one_too_far(g);
}
static void far_enough(Grade *g) {
    unsigned char *two = grade_guarded("two", "\x01\x02", 2);
    unsigned char *other = grade_guarded("other", "\x03", 1);
    grade_expect(g, 10, two[0] == 1 && two[1] == 2 && other[0] == 3, "never seen");
    two[1] = 7;
    unsigned char *again = grade_guarded("two", "\x01\x02", 2);
    grade_expect(g, 10, again[1] == 2 && again[-1] == 0xA5, "never seen");
}

static int *volatile nowhere;
static void writing_to_null(Grade *g) {
    grade_expect(g, 10, true, "never seen");
    *nowhere = 1;
}
static void aborting(Grade *g) {
    (void)g;
    fprintf(stderr, "hw99.c:12: Assertion `n > 0' failed.\n");
    abort();
}
// what glibc says of a heap that was written over, whatever the library here says
static void heap_damaged(Grade *g) {
    (void)g;
    fprintf(stderr, "malloc(): corrupted top size\n");
    abort();
}
static volatile int depth_limit = -1;
static int deep(volatile char *above) {
    volatile char here[1000];
    here[0] = above ? above[0] : 0;
    return --depth_limit == 0 ? 0 : 1 + deep(here) + here[0];
}
static void recursing(Grade *g) { grade_expect(g, 20, deep(NULL) == 0, "never seen"); }
static void greedy(Grade *g) {
    grade_expect(g, 10, true, "never seen");
    char *all = allocate((size_t)1 << 22, (size_t)1 << 22);  // 16 TB
    all[0] = 1;
}
static void looping(Grade *g) {
    grade_expect(g, 10, true, "never seen");
    for (volatile int i = 0;; i = 1 - i) {}
}
static void sleeping(Grade *g) {
    (void)g;
    for (;;) pause();
}
static void leaving(Grade *g) {
    grade_expect(g, 20, true, "never seen");
    exit(0);
}
static void forging(Grade *g) {
    (void)g;
    printf("1  Forging             20/20\nhw99: 20/20\n");
    exit(0);
}
static void babbling(Grade *g) {
    printf("9 \033[2J\a\x01 99/99\nhw99: 100/100\n");
    fprintf(stderr, "to stderr, too, without a newline");
    grade_expect(g, 20, getchar() == EOF, "standard input must be empty");
}
static void flooding(Grade *g) {
    (void)g;
    for (;;)
        puts(
            "again and again and again and again and again and again and again and "
            "again");
}

// ---- Running them
// ---------------------------------------------------------------------------------------

typedef struct {
    int status;
    char text[8192];
} Printed;

// What homework_main prints on standard output.
static Printed grade_with(const Problem *problems, const char *first,
                          const char *second) {
    static Printed p;
    char program[] = "grade_hw99", arguments[2][32];
    snprintf(arguments[0], sizeof arguments[0], "%s", first ? first : "");
    snprintf(arguments[1], sizeof arguments[1], "%s", second ? second : "");
    char *argv[] = {program, arguments[0], arguments[1], NULL};
    fflush(stdout);
    FILE *file = tmpfile();
    int saved = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    p.status =
        homework_main(1 + (first != NULL) + (second != NULL), argv, "hw99", problems);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    p.text[fread(p.text, 1, sizeof p.text - 1, file)] = '\0';
    fclose(file);
    return p;
}

static Printed grade_one(void (*check)(Grade *), const char *option) {
    bool endless = check == looping || check == sleeping || check == flooding;
    Problem problems[] = {{"1", "Title", 20, endless ? 0.2 : 5, "easy", 5, check}, {0}};
    return grade_with(problems, option, NULL);
}

// The hint after the points of a single problem's line; level is -h1 or -h2.
static const char *hint_at(const char *level, void (*check)(Grade *), int points) {
    static char hint[1024];
    Printed p = grade_one(check, level);
    char start[64], end[64];
    snprintf(start, sizeof start, "1  Title            %4d/20", points);
    snprintf(end, sizeof end, "\nhw99: %d/20\n", points);
    cr_assert(strncmp(p.text, start, strlen(start)) == 0, "'%s' starts '%s'", p.text,
              start);
    char *tail = strstr(p.text, end);
    cr_assert(tail && strcmp(tail, end) == 0, "'%s' ends '%s'", p.text, end);
    cr_assert_eq(p.status, points == 20 ? 0 : 1);
    snprintf(hint, sizeof hint, "%.*s", (int)(tail - p.text - (long)strlen(start)),
             p.text + strlen(start));
    return hint;
}
static const char *hint_of(void (*check)(Grade *), int points) {
    return hint_at("-h1", check, points);
}
static void says(void (*check)(Grade *), int points, const char *words) {
    const char *hint = hint_of(check, points);
    cr_expect(strstr(hint, words), "'%s' holds '%s'", hint, words);
}
static void says_exactly(void (*check)(Grade *), int points, const char *hint) {
    cr_expect_str_eq(hint_of(check, points), hint);
}

static void bytes_differ(Grade *g);

static const Problem everything[] = {
    {"1", "BPE dropout", 20, 5, "easy", 5, passing},
    {"2", "A longer title here", 20, 5, "easy", 5, partial},
    {"3a", "Crashing", 20, 5, "easy", 5, aborting},
    {"3b", "Not done", 20, 5, "easy", 5, not_done},
    {"4", "Exits", 20, 5, "easy", 5, leaving},
    {"5", "Babbles", 20, 5, "easy", 5, babbling},
    {0}};

Test(homework, prints_a_line_a_problem_and_the_total) {
    Printed p = grade_with(everything, NULL, NULL);
    cr_expect_str_eq(
        p.text,
        "1  BPE dropout           20/20\n"
        "2  A longer title here    7/20  the first hint, with 7 and words\n"
        "3a Crashing               0/20  crashed (abort): "
        "hw99.c:12: Assertion `n > 0' failed.\n"
        "3b Not done               0/20  not done yet (stub); easy, 5 min\n"
        "4  Exits                  0/20  exited before the check was over\n"
        "5  Babbles               20/20\n"
        "hw99: 47/120\n");
    cr_expect_eq(p.status, 1);
}

Test(homework, runs_one_problem) {
    Printed p = grade_with(everything, "1", NULL);
    cr_expect_str_eq(p.text, "1  BPE dropout           20/20\nhw99: 20/20\n");
    cr_expect_eq(p.status, 0);
    cr_expect_eq(grade_with(everything, "3b", NULL).status, 1);
}

Test(homework, shows_prints_when_asked) {
    Printed p = grade_with(everything, "-v", "5");
    cr_expect_str_eq(p.text,
                     "5  Babbles               20/20\n"
                     "   | 9 ?[2J?? 99/99\n"
                     "   | hw99: 100/100\n"
                     "   | to stderr, too, without a newline\n"
                     "hw99: 20/20\n");
}

Test(homework, a_wrong_command_line_is_2) {
    int saved = dup(STDERR_FILENO), nothing = fileno(tmpfile());
    dup2(nothing, STDERR_FILENO);
    int unknown = grade_with(everything, "7", NULL).status;
    int option = grade_with(everything, "-x", NULL).status;
    int two = grade_with(everything, "1", "5").status;
    int both = grade_with(everything, "--json", "-h2").status;
    dup2(saved, STDERR_FILENO);
    cr_expect_eq(unknown, 2);
    cr_expect_eq(option, 2);
    cr_expect_eq(two, 2);
    cr_expect_eq(both, 2);
    cr_expect_eq(grade_with(everything, "--help", NULL).status, 0);
}

Test(homework, steps) {
    says_exactly(passing, 20, "");
    says_exactly(partial, 7, "  the first hint, with 7 and words");
    says_exactly(mistaken, 4, "  score 0 is 8, should be 4");
    says_exactly(mistaken_unnoticed, 0, "  right for the wrong reason");
    says(wrong_sum, 15, "a mistake in the grader: the steps add up to 15");
    says_exactly(not_done, 0, "  not done yet (stub); easy, 5 min");
    says_exactly(half_done, 5, "  not done yet (stub)");
}

Test(homework, a_symptom_first_and_the_cause_when_asked) {
    cr_expect_str_eq(hint_at("-h2", mistaken, 4), "  these are the unscaled scores");
    cr_expect_str_eq(hint_at("-h2", partial, 7),
                     "  the first hint, with 7 and words; no cause known for this: "
                     "look at the contract in hw99.h, and at what -v shows");
    cr_expect_str_eq(hint_at("-h2", not_done, 0), "  not done yet (stub); easy, 5 min");
    const char *line = "1  Title               4/20  score 0 is 8, should be 4\n";
    char want[256];
    snprintf(want, sizeof want,
             "%shw99: 4/20\nFor the likely cause: make hw99 ARGS=-h2\n", line);
    cr_expect_str_eq(grade_one(mistaken, NULL).text, want);
}

Test(homework, parts_count_by_themselves) {
    says_exactly(in_parts, 4, "  the first symptom");
    cr_expect_str_eq(hint_at("-h2", in_parts, 4), "  the first diagnosis");
    says_exactly(stub_and_more, 4, "  not done yet (stub)");
}

Test(homework, one_element_too_far_is_a_crash_with_a_name) {
    const char *hint = hint_of(one_too_far, 0);
    // a sanitizer says it in its own words
    cr_expect(strstr(hint, "numbers was read or written past its end")
                  || strstr(hint, "SEGV"),
              "'%s'", hint);
    // what was seen, and no more than possible causes
    hint = hint_at("-h2", one_too_far, 0);
    cr_expect(strstr(hint, "  reached past the end of numbers. Perhaps ")
                  || strstr(hint, "SEGV"),
              "'%s'", hint);
    hint = hint_at("-h2", one_too_far_in_case, 0);
    cr_expect(strstr(hint, "  with three rows: reached past the end of numbers")
                  || strstr(hint, "SEGV"),
              "'%s'", hint);
    says_exactly(far_enough, 20, "");
}

Test(homework, json_for_scripts) {
    static const Problem problems[] = {
        {"1", "Parts", 20, 5, "hard", 90, in_parts},
        {"2", "A \"title\" with \\", 20, 5, "easy", 5, passing},
        {"3", "Bytes", 20, 5, "easy", 5, bytes_differ},
        {0}};
    Printed p = grade_with(problems, "--json", NULL);
    cr_expect_str_eq(
        p.text,
        "{\"homework\":\"hw99\",\"problems\":["
        "{\"id\":\"1\",\"title\":\"Parts\",\"points\":20,\"earned\":4,"
        "\"difficulty\":\"hard\",\"minutes\":90,\"codes\":[\"first\",\"todo\","
        "\"second\"],"
        "\"symptom\":\"the first symptom\",\"cause\":\"the first diagnosis\"},"
        "{\"id\":\"2\",\"title\":\"A \\\"title\\\" with \\\\\",\"points\":20,"
        "\"earned\":20,\"difficulty\":\"easy\",\"minutes\":5,\"codes\":[],"
        "\"symptom\":\"\",\"cause\":\"\"},"
        "{\"id\":\"3\",\"title\":\"Bytes\",\"points\":20,\"earned\":5,"
        "\"difficulty\":\"easy\",\"minutes\":5,\"codes\":[\"wrong\"],"
        "\"symptom\":\"text: byte 5 differs: \\\"ome \\\\xef words\\\", should be "
        "\\\"ome \\\\x22words\\\"\",\"cause\":\"\"}],\"earned\":29,\"points\":60}\n");
    cr_expect_eq(p.status, 1);
}

Test(homework, crashes_cost_one_problem) {
    says(writing_to_null, 0, "crashed (");
    says_exactly(aborting, 0,
                 "  crashed (abort): hw99.c:12: Assertion `n > 0' failed.");
    says(recursing, 0, "crashed (");
    // "stack overflow", or the sanitizer's "stack-overflow"
    const char *overflow = hint_of(recursing, 0);
    cr_expect(strstr(overflow, "stack") && strstr(overflow, "overflow"), "'%s'",
              overflow);
    // "out of memory", or the sanitizer's "allocation-size..."
    const char *memory = hint_of(greedy, 0);
    cr_expect(strstr(memory, "out of memory") || strstr(memory, "allocation-size"),
              "'%s'", memory);
}

Test(homework, what_did_not_come_back_has_a_cause) {
    cr_expect(strstr(hint_at("-h2", looping, 0), "it does not come to an end"));
    cr_expect(strstr(hint_at("-h2", heap_damaged, 0), "an array that you allocated"));
    cr_expect(strstr(hint_at("-h2", aborting, 0), "Assertion `n > 0'"));
}

Test(homework, endless_loops_cost_one_problem) {
    says(looping, 0, "took longer than 0.");
    says(sleeping, 0, "took longer than 0.");
    const char *flood = hint_of(flooding, 0);
    cr_expect(strstr(flood, "printed more than") || strstr(flood, "took longer"),
              "'%s'", flood);
}

Test(homework, points_cannot_be_printed) {
    says_exactly(leaving, 0, "  exited before the check was over");
    says_exactly(forging, 0, "  exited before the check was over");
}

// ---- Comparing
// ------------------------------------------------------------------------------------------

static void near_fails(Grade *g) { grade_near(g, 20, "the loss", 1.5, 1.25, 1e-3); }
// that differ in the tenth digit, and one that is right
static void readings_off(Grade *g) {
    const Reading all[] = {
        {"a", 1, 1, 0}, {"b", 0.1020610001, 0.102061, 0}, {"c", 2, 3, 0.5}};
    grade_readings(g, 5, "two", all, 1);
    grade_readings(g, 15, "two", all, 3);
}
static void near_nan(Grade *g) { grade_near(g, 20, "the loss", NAN, 1.25, 1e-3); }
static void near_infinite(Grade *g) {
    grade_near(g, 10, "the mask", -INFINITY, -INFINITY, 0);
    grade_near(g, 10, "the mask", INFINITY, -INFINITY, 1);
}
static real square[] = {1, 2, 3, 4};
static void mat_transposed(Grade *g) {
    Mat m = mat_view(square, 2, 2);
    grade_near_mat(g, 5, "scores", m, m, 0);
    grade_near_mat(g, 15, "scores", m, mat_transpose(m), 0.5);
}
static void mat_shape(Grade *g) {
    grade_near_mat(g, 20, "scores", mat_view(square, 1, 2), mat_view(square, 2, 1),
                   0.5);
}
static const int three[] = {5, 6, 7}, other[] = {5, 9, 7};
static void ints_differ(Grade *g) {
    grade_equal_ints(g, 5, "ids", three, 3, three, 3);
    grade_equal_ints(g, 5, "ids", NULL, 0, three, 0);
    grade_equal_ints(g, 10, "ids", other, 3, three, 3);
}
static void ints_short(Grade *g) { grade_equal_ints(g, 20, "ids", three, 2, three, 3); }
static void ints_null(Grade *g) { grade_equal_ints(g, 20, "ids", NULL, 3, three, 3); }
static void bytes_differ(Grade *g) {
    grade_equal_bytes(g, 5, "text", "same", 4, "same", 4);
    grade_equal_bytes(g, 15, "text", "some \xef words", 12, "some \"words", 11);
}
static void bytes_short(Grade *g) {
    grade_equal_bytes(g, 20, "text", "many", 4, "many words", 10);
}

Test(homework, comparisons_say_where) {
    says_exactly(near_fails, 0,
                 "  the loss: 1.5, should be 1.25 (off by 0.25, allowed 0.001)");
    says_exactly(readings_off, 5,
                 "  two: b is 0.1020610001, should be 0.102061; c is 2, should be 3");
    says_exactly(near_nan, 0, "  the loss: not a number (NaN), should be 1.25");
    says_exactly(near_infinite, 10, "  the mask: inf, should be -inf");
    says_exactly(mat_transposed, 5,
                 "  scores: row 0, column 1 is 2, should be 3 (off by 1, allowed 0.5)");
    says_exactly(mat_shape, 0, "  scores: 1 x 2, should be 2 x 1");
    says_exactly(ints_differ, 10, "  ids: [1] is 9, should be 6");
    says_exactly(ints_short, 0,
                 "  ids: 2 of them, should be 3 (those in common agree)");
    says_exactly(ints_null, 0, "  ids: NULL");
    says_exactly(
        bytes_differ, 5,
        "  text: byte 5 differs: \"ome \\xef words\", should be \"ome \\x22words\"");
    says_exactly(
        bytes_short, 0,
        "  text: 4 bytes, should be 10: ends \"many\", should end \"many words\"");
}

// ---- What wrong numbers have in common with the right ones

enum { NUMBERS = 5 };
static const double RIGHT[NUMBERS] = {0.5, -1.25, 2.75, 0.3, 1.7};

static Relation relation_of(const double *got, double base) {
    double want[NUMBERS];
    Relation r = {"none", ""};
    for (int i = 0; i < NUMBERS; i++) want[i] = base + RIGHT[i];
    homework_relation(&r, got, want, NUMBERS, 1e-9, true, base);
    return r;
}

// Of numbers that a function makes of the right ones; base is in both.
static Relation made_by(double (*of)(double), double base) {
    double got[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) got[i] = base + of(RIGHT[i]);
    return relation_of(got, base);
}

static double same(double x) { return x; }
static double negated(double x) { return -x; }
static double third(double x) { return x / 3; }
static double larger(double x) { return x + 0.125; }
static double mixed(double x) { return 3 * x - 1; }
static double squared(double x) { return x * x; }
static double inverted(double x) { return 1 / x; }
static double rough(double x) { return x * (1 + 3e-7 * sin(9 * x)); }
static double not_so_near(double x) { return x * (1 + 3e-5 * sin(9 * x)); }
static double cubed(double x) { return x * x * x; }
static double nothing(double x) { return 0 * x; }

Test(homework_relation, a_sign_a_factor_or_a_term_is_seen_in_all_numbers) {
    static const struct {
        double (*of)(double);
        double base;
        const char *code;
    } cases[] = {
        {same, 0, "none"},
        {negated, 0, "all-negated"},
        {third, 0, "all-scaled"},
        {larger, 0, "all-shifted"},
        {mixed, 0, "all-linear"},
        {squared, 0, "all-squared"},
        {inverted, 0, "all-inverted"},
        {nothing, 0, "all-zero"},
        {rough, 0, "all-nearly"},
        {not_so_near, 0, "none"},
        {cubed, 0, "none"},
        {negated, 0.25, "all-negated"},
        {third, 0.25, "all-scaled"},
        {nothing, 0.25, "all-zero"},
        {rough, 0.25, "all-nearly"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Relation r = made_by(cases[i].of, cases[i].base);
        cr_assert_str_eq(r.code, cases[i].code, "case %zu: %s", i, r.says);
    }
    cr_assert(strstr(made_by(third, 0).says, "0.333333 times") != NULL);
}

Test(homework_relation, an_order_that_is_turned_round_or_shifted_is_seen) {
    double turned[NUMBERS], late[NUMBERS] = {9}, one_off[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
        turned[i] = RIGHT[NUMBERS - 1 - i], one_off[i] = RIGHT[i];
        if (i > 0) late[i] = RIGHT[i - 1];
    }
    one_off[2] += 0.5;
    cr_assert_str_eq(relation_of(turned, 0).code, "all-reversed");
    cr_assert_str_eq(relation_of(late, 0).code, "all-late");
    cr_assert_str_eq(relation_of(one_off, 0).code, "none");
}

// Ids, counts, few different numbers: what looks like a relation may be chance.
Test(homework_relation, nothing_is_said_where_it_could_be_chance) {
    const double ids[] = {2, 4, 6, 8}, twice[] = {4, 8, 12, 16},
                 alike[] = {0.5, 0.5, 0, 0}, larger_ones[] = {0.7, 0.7, 0, 0},
                 lost[] = {NAN, 1, 2, 3}, one[] = {0.625}, ratio[] = {0.4},
                 half[] = {0.3125};
    Relation r;
    cr_assert(!homework_relation(&r, twice, ids, 4, 0, true, 0));
    cr_assert(!homework_relation(&r, larger_ones, alike, 4, 1e-9, true, 0));
    cr_assert(!homework_relation(&r, lost, ids, 4, 1e-9, true, 0));
    cr_assert(!homework_relation(&r, ratio, one, 1, 1e-9, true, 0));
    cr_assert(homework_relation(&r, half, one, 1, 1e-9, true, 0));
}

// ---- ... and rows and columns

enum { WIDTH = 4 };

// What is said of a matrix that differs from the right one as `turn` makes it;
// `across`: of both transposed.
static const char *code_of(void (*turn)(Mat m), bool across) {
    static Relation r;
    Mat got = mat_new(NUMBERS, WIDTH), want = mat_new(NUMBERS, WIDTH);
    for (int i = 0; i < NUMBERS; i++)
        for (int j = 0; j < WIDTH; j++)
            *mat_at(want, i, j) = (real)(RIGHT[i] + 0.75 * RIGHT[j] * RIGHT[j]);
    mat_copy(got, want);
    turn(got);
    r = (Relation){"none", ""};
    if (across)
        homework_relation_mat(&r, mat_transpose(got), mat_transpose(want), 1e-5, 0);
    else homework_relation_mat(&r, got, want, 1e-5, 0);
    mat_free(got), mat_free(want);
    return r.code;
}

static void run_on(Mat m) {
    for (int i = 1; i < m.rows; i++)
        mat_add_scaled(mat_rows(m, i, 1), 1, mat_rows(m, i - 1, 1));
}
static void swap_rows(Mat m) {
    Mat second = mat_new(1, m.cols);
    mat_copy(second, mat_rows(m, 1, 1));
    mat_copy(mat_rows(m, 1, 1), mat_rows(m, 3, 1));
    mat_copy(mat_rows(m, 3, 1), second);
    mat_free(second);
}
static void stretch_rows(Mat m) {
    for (int i = 0; i < m.rows; i++) mat_scale(mat_rows(m, i, 1), 1 + (real)i);
}
static void lose_last_row(Mat m) { mat_fill(mat_rows(m, m.rows - 1, 1), 0); }
static void lose_first_row(Mat m) { mat_fill(mat_rows(m, 0, 1), 0); }
static void lose_middle_row(Mat m) { mat_fill(mat_rows(m, 2, 1), 0); }
static void lose_last_rows(Mat m) { mat_fill(mat_rows(m, m.rows - 2, 2), 9); }
static void lose_first_rows(Mat m) { mat_fill(mat_rows(m, 0, 2), 9); }
static void lose_beyond_diagonal(Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = i + 1; j < m.cols; j++) *mat_at(m, i, j) = 9;
}
static void miss_last_rows_by_little(Mat m) {
    for (int i = m.rows - 2; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) *mat_at(m, i, j) += (real)(4e-5 * (1 + i * j));
}
static void lose_number(Mat m) { *mat_at(m, 2, 2) = 9; }

Test(homework_relation, what_rows_and_columns_have_in_common_is_seen) {
    static const struct {
        void (*turn)(Mat m);
        const char *rows, *columns;
    } cases[] = {
        {run_on, "all-running", "all-running"},
        {swap_rows, "rows-moved", "columns-moved"},
        {stretch_rows, "rows-scaled", "columns-scaled"},
        {lose_last_row, "one-row", "one-column"},
        {lose_first_row, "one-row", "one-column"},
        {lose_middle_row, "none", "none"},
        {lose_last_rows, "rows-of-a-side", "columns-of-a-side"},
        {lose_first_rows, "rows-of-a-side", "columns-of-a-side"},
        {miss_last_rows_by_little, "none", "none"},
        {lose_number, "none", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_str_eq(code_of(cases[i].turn, false), cases[i].rows, "case %zu", i);
        cr_assert_str_eq(code_of(cases[i].turn, true), cases[i].columns, "case %zu", i);
    }
    cr_assert_str_eq(code_of(lose_beyond_diagonal, false), "to-the-diagonal");
}

static void negated_step(Grade *g) {
    grade_near(g, 20, "the loss", -0.75, 0.625, 1e-9);
}
static void turned_sign(Grade *g) {
    grade_near(g, 20, "the loss", -0.625, 0.625, 1e-9);
}
static void known_after_all(Grade *g) {
    grade_part(g, grade_near(g, 10, "the loss", -0.625, 0.625, 1e-9));
    grade_mistake(g, true, "known", "a known mistake");
    grade_expect(g, 10, false, "a symptom");
}
static void contrast_at(Grade *g, bool right, bool simpler) {
    bool holds = grade_near(g, 10, "the loss", right ? 0.625 : -0.625, 0.625, 1e-9);
    grade_contrast(g, !holds && simpler, "only-x-1", "right where x is 1: look at x");
}
static void right_at_one(Grade *g) {
    contrast_at(g, false, true);
    grade_contrast(g, true, "only-y-1", "right where y is 1: not the step just before");
    contrast_at(g, false, true);
}
static void right_nowhere(Grade *g) {
    contrast_at(g, false, false);
    contrast_at(g, false, true);  // its symptom is not the one that is shown
}
// A simpler case in which the function crashes, leaves, is not done or never ends.
static bool crashes(void) { abort(); }
static bool leaves(void) { exit(0); }
static bool is_stub(void) { HW_TODO(0); }
static bool never_ends(void) {
    volatile bool never = false;
    while (!never) {}
    return true;
}
static void right_nowhere_else(Grade *g) {
    grade_part(
        g, contrast_at(g, true, false);
        bool holds = grade_near(g, 10, "the loss", -0.625, 0.625, 1e-9);
        grade_contrast(g, !holds && crashes(), "only-1", "right where it crashes");
        grade_contrast(g, !holds && leaves(), "only-2", "right where it leaves");
        grade_contrast(g, !holds && is_stub(), "only-3", "right where it is a stub");
        grade_contrast(g, !holds && never_ends(), "only-4", "right where it stays");
        grade_contrast(g, !holds, "only-5", "right where nothing happens"));
}
static void right_and_known(Grade *g) {
    grade_part(g, contrast_at(g, false, true));
    grade_mistake(g, true, "known", "a known mistake");
    grade_expect(g, 10, false, "a symptom");
}
static void not_kept(Grade *g) {
    (void)g;
    fprintf(stderr,
            "hw99: common/mat.c:56: mat_cols: Assertion `n > 0 && \"mat_cols: "
            "columns outside\"' failed.\n");
    abort();
}

static void not_kept_in_case(Grade *g) {
    grade_expect(g, 20, true, "never seen");
    grade_case(g, "with one row");
    not_kept(g);
}
static void kept_in_case(Grade *g) {
    grade_case(g, "with one row");
    aborting(g);
}

// ---- Inputs, and what lies before an array

static const real GIVEN[] = {1, 2, 3};

static void change(Grade *g) {
    real *in = grade_guarded_reals("the input", GIVEN, 3, true);
    in[1] = 5;
    grade_expect(g, 10, true, "never seen");
}
static void changes_input(Grade *g) {
    grade_part(g, change(g));
    grade_part(g, change(g));
}
static void changes_output(Grade *g) {
    real *out = grade_guarded_reals("the output", GIVEN, 3, false);
    out[1] = 5;
    grade_expect(g, 20, true, "never seen");
}
static void reads_before(Grade *g) {
    const real *in = grade_guarded_reals("the input", GIVEN, 3, true);
    Mat got = mat_new(1, 3), want = mat_new(1, 3);
    for (int i = 0; i < 3; i++) *mat_at(got, 0, i) = in[i] + 0 * in[i - 1];
    for (int i = 0; i < 3; i++) *mat_at(want, 0, i) = in[i];
    grade_near_mat(g, 20, "the numbers", got, want, 0);
}

// An input that was changed costs the part's points, once; what precedes an array is not
// a number.
Test(homework, watches_inputs_and_what_precedes_them) {
    cr_expect(strstr(hint_at("-h2", changes_input, 10), "the input was changed"));
    cr_expect(strstr(hint_at("-h1", changes_input, 10), "is not what it was before"));
    cr_expect(!strstr(hint_at("-h1", changes_output, 20), "not what it was"));
    cr_expect(strstr(hint_at("-h2", reads_before, 0), "an index below 0"));
}

// Says where numbers are right only where no mistake explains them; before what they
// have in common, and the first such case alone.
Test(homework, says_in_which_simpler_case_numbers_are_right) {
    cr_expect(strstr(hint_at("-h2", right_at_one, 0), "right where x is 1: look"));
    cr_expect(strstr(hint_at("-h1", right_at_one, 0), "should be 0.625"));
    cr_expect(strstr(hint_at("-h2", right_nowhere, 0), "but for its sign"));
    cr_expect(strstr(hint_at("-h2", right_nowhere_else, 10), "where nothing happens"));
    cr_expect(strstr(hint_at("-h2", right_and_known, 0), "a known mistake"));
}

// The relation is the cause, the numbers stay the symptom; a known mistake comes first.
Test(homework, says_what_wrong_numbers_have_in_common) {
    cr_expect(strstr(hint_at("-h2", turned_sign, 0),
                     "the loss: it is right but for its sign"));
    cr_expect(strstr(hint_at("-h1", turned_sign, 0), "should be 0.625"));
    cr_expect(strstr(hint_at("-h2", negated_step, 0), "no cause known"));
    cr_expect(strstr(hint_at("-h2", known_after_all, 0), "a known mistake"));
    cr_expect(strstr(hint_at("-h2", not_kept, 0), "  mat_cols: columns outside: what"));
    cr_expect(strstr(hint_at("-h2", not_kept_in_case, 0),
                     "  with one row: mat_cols: columns outside: what"));
    cr_expect(strstr(hint_at("-h1", not_kept_in_case, 0), "crashed (abort): hw99"));
    cr_expect(strstr(hint_at("-h2", kept_in_case, 0), "no cause known"));
}

#include "ch04_pretrain/story_grammar.h"

#include <stddef.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

const WordClass story_classes[] = {
    [GIRL] = {"girl", WORDS("Anna", "Mia", "Lily", "Lucy", "Emma", "Rosa", "Nina",
                            "Sara", "Ella", "Ruby", "Clara", "Maya")},
    [BOY] = {"boy", WORDS("Tom", "Ben", "Max", "Sam", "Leo", "Jack", "Finn", "Oscar",
                          "Paul", "Hugo", "Noah", "Adam")},
    [TOY] = {"toy",
             WORDS("ball", "book", "kite", "doll", "drum", "hat", "key", "lamp", "cup",
                   "bell", "boat", "coat", "spoon", "ring", "map", "flute")},
    [PLACE] = {"place",
               WORDS("garden", "park", "kitchen", "forest", "house", "barn", "school",
                     "meadow", "village", "castle", "library", "cave")}};

const char *const story_spots[] = {"in the box",      "in the basket",
                                   "under the bed",   "under the table",
                                   "behind the door", "on the shelf"};
_Static_assert(sizeof story_classes / sizeof *story_classes == REGISTERS
                   && sizeof story_spots / sizeof *story_spots == SPOTS,
               "words are missing");

const double story_aside_chance = 0.4, story_more_chance = 0.62;

const Sentence story_openings[] = {
    {2, "@hero and @friend played/sat/walked/worked/rested in the @place ."},
    {3,
     "one sunny/rainy/cold/warm/windy/quiet/snowy/cloudy day/morning/evening @hero "
     "met/saw/visited @friend in the @place ."},
    {3,
     "there was a little/kind/clever/shy/happy/brave/tall @girl named/called @hero "
     ". @hero.she liked/loved to play/draw/sing/swim/dance/climb in the @place with "
     "@friend ."},
    {2, "once upon a time @hero lived/stayed in the @place with @friend ."},
    {0}};

const Sentence story_asides[] = {
    {1, "it was very hot/cold/late/early/dark/bright/quiet ."},
    {1, "they were good/old/best/dear friends ."},
    {1, "the sun/moon/rain/wind/snow made them happy/sleepy/hungry/merry ."},
    {0}};

const Sentence story_hero_has[] = {
    {3,
     "@hero had/found/bought/carried/made a "
     "red/blue/green/yellow/new/heavy/big/tiny/shiny @toy ."},
    {1, "grandma/grandpa/mother/father gave @hero a new/big/fine/pretty @toy ."},
    {0}};

const Sentence story_friend_has[] = {
    {3,
     "@friend lent/brought/showed @hero a "
     "red/blue/green/yellow/new/heavy/big/tiny/shiny @toy ."},
    {1, "grandma/grandpa/mother/father gave @friend a new/big/fine/pretty @toy ."},
    {0}};

const Event story_held_events[] = {
    {3, TO_OTHER, "@has gave/handed/passed/threw the @toy to @other ."},
    {2, TO_OTHER, "@other wanted/liked the @toy , so @has gave it to @other.her ."},
    {2, TO_OTHER, "@other took/grabbed the @toy from @has ."},
    {3, TO_SPOT, "@has put/hid/left/dropped the @toy @spot ."},
    {1, TO_SPOT, "then @has.she hid it @spot ."},
    {2, KEPT,
     "@has ran/danced/jumped/laughed/sang happily/loudly/quietly/slowly/quickly ."},
    {2, KEPT, "@other felt/looked sad/happy/proud/tired/hungry/sleepy ."},
    {1, KEPT, "@has smiled/waved/nodded at @other ."},
    {1, KEPT, "they shared/ate/cooked some bread/cake/soup/fruit/cheese/honey/rice ."},
    {1, KEPT,
     "a small/big/brown/white/black/grey dog/cat/bird/fox/rabbit/duck/goat/horse "
     "came/ran/walked by ."},
    {0}};

const Event story_put_events[] = {
    {3, TO_HERO, "@hero looked/searched @spot and found/took the @toy ."},
    {3, TO_FRIEND, "@friend looked/searched @spot and found/took the @toy ."},
    {1, TO_HERO, "soon/later @hero took the @toy again/back ."},
    {1, TO_FRIEND, "soon/later @friend took the @toy again/back ."},
    {2, KEPT, "@hero and @friend ran/laughed/sang/danced together/outside ."},
    {1, KEPT, "they shared/ate/cooked some bread/cake/soup/fruit/cheese/honey/rice ."},
    {1, KEPT,
     "a small/big/brown/white/black/grey dog/cat/bird/fox/rabbit/duck/goat/horse "
     "came/ran/walked by ."},
    {0}};

const Sentence story_held_questions[] = {
    {3, "who has the @toy ? !@has has the @toy ."},
    {2, "where is the @toy ? !@has has it ."},
    {1, "does @has have the @toy ? !yes , @has.she has it ."},
    {1, "does @other have the @toy ? !no , !@has has it ."},
    {0}};

const Sentence story_put_questions[] = {
    {3, "where is the @toy ? it is !@spot ."},
    {2, "who has the @toy ? !nobody has it . it is !@spot ."},
    {1, "does @hero have the @toy ? !no , it is !@spot ."},
    {0}};

const Sentence story_endings[] = {
    {3, "<end>"},
    {2, "where are @hero and @friend ? they are in the !@place . <end>"},
    {0}};

/* Seconds since 1970 to a date in the proleptic Gregorian calendar, for all of the
 * int64_t range, as Go's package time prints it. */
#include "event/wall.h"

enum { DAYS_IN_ERA = 146097, YEARS_IN_ERA = 400, DAYS_TO_1970 = 719468 };

/* Days since 1970-01-01 to a date. Years are counted from March, so that the leap
 * day is a year's last. */
static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += DAYS_TO_1970;
    int64_t era = (days >= 0 ? days : days - (DAYS_IN_ERA - 1)) / DAYS_IN_ERA;
    unsigned of_era = (unsigned)(days - era * DAYS_IN_ERA);
    unsigned year_of_era =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / (DAYS_IN_ERA - 1)) / 365;
    unsigned day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int64_t)year_of_era + era * YEARS_IN_ERA + (*month <= 2);
}

void tri_event_wall(struct tri_text *t, int64_t seconds, uint32_t nanoseconds)
{
    int64_t days = seconds / 86400;
    int64_t second_of_day = seconds % 86400;
    if (second_of_day < 0) {
        second_of_day += 86400;
        days--;
    }
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    if (year < 0) {
        tri_text_char(t, '-');
        year = -year;
    }
    tri_text_padded(t, (uint64_t)year, 4);
    tri_text_char(t, '-');
    tri_text_padded(t, month, 2);
    tri_text_char(t, '-');
    tri_text_padded(t, day, 2);
    tri_text_char(t, 'T');
    tri_text_padded(t, (uint64_t)second_of_day / 3600, 2);
    tri_text_char(t, ':');
    tri_text_padded(t, (uint64_t)second_of_day / 60 % 60, 2);
    tri_text_char(t, ':');
    tri_text_padded(t, (uint64_t)second_of_day % 60, 2);
    if (nanoseconds) {
        int width = 9;
        for (; nanoseconds % 10 == 0; width--)
            nanoseconds /= 10;
        tri_text_char(t, '.');
        tri_text_padded(t, nanoseconds, width);
    }
    tri_text_char(t, 'Z');
}

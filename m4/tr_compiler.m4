# TR_APPEND_FLAGS(VARIABLE, FLAGS)
# Append each of FLAGS that the C compiler takes without a complaint to VARIABLE.
# -Werror makes clang refuse warning options that it does not know.
AC_DEFUN([TR_APPEND_FLAGS], [
  for tr_flag in $2; do
    AC_MSG_CHECKING([whether $CC takes $tr_flag])
    tr_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $tr_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM],
      [AC_MSG_RESULT([yes]); AS_VAR_APPEND([$1], [" $tr_flag"])],
      [AC_MSG_RESULT([no])])
    CFLAGS=$tr_saved_CFLAGS
  done
])

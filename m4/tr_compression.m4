# TR_COMPRESSION(NAME, FORMAT, MODULE, LIBRARY, HEADER, CALL, PACKAGES)
# Look for the library that decompresses FORMAT, unless --without-NAME: by pkg-config's
# MODULE, or else by linking a program with HEADER and CALL against LIBRARY. Defines
# TRI_NAME for the core and appends to COMPRESSION_CPPFLAGS, COMPRESSION_LIBS, to what
# tracereader.pc says, and to $compression_found or $compression_missing. PACKAGES is for
# the message where it was asked for and is not there.
AC_DEFUN([TR_COMPRESSION], [
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1], [read traces that are compressed with $2 @<:@as --with-compression@:>@])],
    [], [with_$1=$with_compression])
  tr_found=no
  AS_IF([test "x$with_$1" != xno], [
    m4_pushdef([TR_VARIABLE], m4_toupper([$1]))
    PKG_CHECK_MODULES(TR_VARIABLE, [$3], [
      tr_found=yes
      AS_VAR_APPEND([PC_REQUIRES_PRIVATE], [" m4_bpatsubst([$3], [ .*])"])
    ], [
      AC_MSG_CHECKING([for $2 in -l$4])
      tr_saved_LIBS=$LIBS
      LIBS="-l$4 $LIBS"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>
        #include <$5>]], [[$6;]])], [
        tr_found=yes
        TR_VARIABLE[]_LIBS="-l$4"
        AS_VAR_APPEND([PC_LIBS_PRIVATE], [" -l$4"])
      ])
      LIBS=$tr_saved_LIBS
      AC_MSG_RESULT([$tr_found])
    ])
    AS_IF([test $tr_found = yes], [
      AS_VAR_APPEND([COMPRESSION_CPPFLAGS], [" -DTRI_[]TR_VARIABLE $TR_VARIABLE[]_CFLAGS"])
      AS_VAR_APPEND([COMPRESSION_LIBS], [" $TR_VARIABLE[]_LIBS"])
    ], [test "x$with_$1" = xyes], [
      AC_MSG_ERROR([$2 is to be read, but its library was not found ($7)])
    ])
    m4_popdef([TR_VARIABLE])
  ])
  AS_IF([test $tr_found = yes],
    [AS_VAR_APPEND([compression_found], [" $2"])],
    [AS_VAR_APPEND([compression_missing], [" $2"])])
])

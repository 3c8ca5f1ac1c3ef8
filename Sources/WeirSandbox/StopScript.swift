/// The one way a sandbox ends: a shell script in its folder.
///
/// It is a script because it must outlive us: when this process is killed, nobody else is left. And because everybody
/// uses it (the reaper, `stop()`, the next start that finds a leftover, the person who kept a demo running), what
/// the tests of `stop()` prove holds for a crash too.
enum StopScript {
    static let name = "stop.sh"

    /// What a folder of ours is called; the script touches no other.
    static let folderPrefix = "weir-sandbox-"

    static let text = #"""
        #!/bin/sh
        # Ends this Weir sandbox: the servers that work inside this folder, then the folder itself.
        #   sh stop.sh         now
        #   sh stop.sh watch   as soon as standard input ends, which is when its owner is gone;
        #                      the line "keep" on it means: leave everything running
        set -u
        folder=$(cd -P -- "$(dirname -- "$0")" && pwd -P) || exit 1
        case ${folder##*/} in
        weir-sandbox-*) ;;
        *) echo "$folder is not a sandbox of Weir" >&2; exit 1 ;;
        esac
        cd /

        if [ "${1-}" = watch ]; then
            # Whoever ends everything politely (a supervisor, a closing terminal) would end the cleaner first.
            trap '' HUP INT QUIT TERM
            while read -r word; do
                if [ "$word" = keep ]; then exit 0; fi
            done
        fi

        # The ids of our processes: those whose working directory lies in a server's folder and that are
        # programs of a server, so that somebody's shell or editor there is left alone. Root without
        # CAP_SYS_PTRACE (in a container) may not read another user's working directory: look as that user.
        processes() {
            for server in "$folder/postgres" "$folder/rabbitmq"; do
                [ -d "$server" ] || continue
                set --
                if [ "$(id -u)" = 0 ]; then
                    set -- setpriv "--reuid=$(stat -c %u "$server")" "--regid=$(stat -c %g "$server")" \
                        --clear-groups --
                fi
                "$@" find /proc -mindepth 2 -maxdepth 2 -name cwd -path '/proc/[0-9]*' -printf '%h %l\n' 2>/dev/null |
                    while read -r process place; do
                        case $place in
                        "$server" | "$server"/* | "$server (deleted)") ;;
                        *) continue ;;
                        esac
                        case $(cat "$process/comm" 2>/dev/null) in
                        postgres | postmaster | initdb | rabbitmq-server | rabbitmqctl | erl | erlexec | beam* | \
                            erl_child_setup | inet_gethost | epmd) echo "${process#/proc/}" ;;
                        esac
                    done
            done
        }

        # PostgreSQL gets five seconds to give back its shared memory (SIGQUIT is its immediate shutdown).
        # Erlang owns nothing outside the folder.
        round=0
        while all=$(processes); [ -n "$all" ]; do
            round=$((round + 1))
            if [ "$round" -gt 600 ]; then echo "cannot end: $all" >&2; exit 1; fi
            for pid in $all; do
                if [ "$round" -le 100 ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ]; then
                    kill -CONT "$pid" 2>/dev/null
                    kill -QUIT "$pid" 2>/dev/null
                else
                    kill -KILL "$pid" 2>/dev/null
                fi
            done
            sleep 0.05
        done

        # A PostgreSQL that was killed could not give back its System V segment: key and id are line 7 of the file.
        if [ -f "$folder/postgres/data/postmaster.pid" ]; then
            sed -n 7p "$folder/postgres/data/postmaster.pid" | while read -r key segment; do
                awk -v key="$key" -v segment="$segment" \
                    '$1 == key && $2 == segment && $7 == 0 { found = 1 } END { exit !found }' /proc/sysvipc/shm &&
                    ipcrm -m "$segment"
            done
        fi
        rm -rf -- "$folder"

        """#
}

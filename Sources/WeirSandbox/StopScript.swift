/// The one way a sandbox ends: a shell script in its folder.
///
/// It is a script because it must outlive us: when this process is killed, nobody else is left. And because
/// everybody uses it (the reaper, `stop()`, the next start that finds a leftover, the person who kept a demo
/// running), what the tests of `stop()` prove holds for a crash too.
enum StopScript {
    static let name = "stop.sh"

    /// What a folder of ours is called; the script touches no other.
    static let folderPrefix = "weir-sandbox-"

    /// The variable that every process of a sandbox carries; its value is the sandbox's folder.
    static let mark = "WEIR_SANDBOX"

    /// The folders of the brokers, as the script knows them.
    static let brokers = ["rabbitmq", "rabbitmq2", "rabbitmq3"]

    /// The sandbox's folder, from the folder of one of its servers.
    static func folder(of serverFolder: String) -> String {
        String(serverFolder[..<(serverFolder.lastIndex(of: "/") ?? serverFolder.endIndex)])
    }

    static let text = #"""
        #!/bin/sh
        # Ends this Weir sandbox: the servers that work inside this folder, then the folder itself.
        #   sh stop.sh         now
        #   sh stop.sh watch   as soon as standard input ends, which is when its owner is gone;
        #                      the line "keep" on it means: leave everything running
        #   sh stop.sh list SERVER   prints the ids of the processes in that server's folder
        set -u
        folder=$(cd -P -- "$(dirname -- "$0")" && pwd -P) || exit 1
        case ${folder##*/} in
        weir-sandbox-*) ;;
        *) echo "$folder is not a sandbox of Weir" >&2; exit 1 ;;
        esac
        cd /

        # Ours is what works in the server's folder and has our mark in its environment (PostgreSQL and Redis
        # write their titles over their environment: there the name must do). Somebody's shell in there is left alone.
        if [ "${1-}" = list ]; then
            find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/cwd' -printf '%h %l\n' 2>/dev/null |
                while read -r process place; do
                    case $place in
                    "$folder/$2" | "$folder/$2"/* | "$folder/$2 (deleted)") ;;
                    *) continue ;;
                    esac
                    name=$(cat "$process/comm" 2>/dev/null)
                    if [ "$name" = postgres ] || [ "$name" = redis-server ] ||
                        grep -qzxF "WEIR_SANDBOX=$folder" "$process/environ" 2>/dev/null; then
                        echo "${process#/proc/}"
                    fi
                done
            exit 0
        fi

        # Root without CAP_SYS_PTRACE (in a container) may not read another user's working directory: look as
        # that user.
        processes() {
            for server in postgres rabbitmq rabbitmq2 rabbitmq3 redis; do
                [ -d "$folder/$server" ] || continue
                set --
                if [ "$(id -u)" = 0 ]; then
                    set -- setpriv "--reuid=$(stat -c %u "$folder/$server")" \
                        "--regid=$(stat -c %g "$folder/$server")" --clear-groups --
                fi
                "$@" sh "$folder/stop.sh" list "$server"
            done
        }

        if [ "${1-}" = watch ]; then
            while read -r word; do
                if [ "$word" = keep ]; then exit 0; fi
            done
        fi

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

        # A PostgreSQL that was killed could not give back its System V segment; line 7 has its key and id.
        if [ -f "$folder/postgres/data/postmaster.pid" ]; then
            sed -n 7p "$folder/postgres/data/postmaster.pid" | while read -r key segment; do
                # The number may long be somebody else's: the key must match, and nobody be attached.
                awk -v key="$key" -v segment="$segment" \
                    '$1 == key && $2 == segment && $7 == 0 { ours = 1 } END { exit !ours }' \
                    /proc/sysvipc/shm && ipcrm -m "$segment"
            done
        fi
        # Once more, for a file that a dying thread made in between.
        rm -rf -- "$folder" 2>/dev/null || { sleep 0.5; rm -rf -- "$folder"; }

        """#
}

# Completion of arxheap for bash: commands, options, processes, snapshots.

_arxheap_folder()
{
	echo "${ARXHEAP_DIR:-/tmp/arxheap-$EUID}"
}

# Ids of running processes whose snapshots lie in the folder.
_arxheap_pids()
{
	arxheap list --json 2>/dev/null |
		awk -F'[:,]' '/"pid":/ {pid = $2 + 0} /"state":/ && !/ended/ {print pid}'
}

# Options of a command, as its help names them.
_arxheap_options()
{
	arxheap "$1" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'
}

_arxheap()
{
	local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"
	local command="${COMP_WORDS[1]}" i
	local commands="run arm disarm snapshot list report diff leaks flame export symbolize inspect watch help"

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		COMPREPLY=($(compgen -W "$commands --help --version" -- "$current"))
		return
	fi
	# Behind "--" stands a program of its own, with its own completion.
	if [[ $command == run ]]; then
		for ((i = 2; i < COMP_CWORD; i++)); do
			if [[ ${COMP_WORDS[i]} == -- ]]; then
				if declare -F _command_offset >/dev/null; then
					_command_offset $((i + 1))
				else
					COMPREPLY=($(compgen -c -- "$current"))
				fi
				return
			fi
		done
	fi
	case $previous in
		--format | -f)
			if [[ $command == export ]]; then
				COMPREPLY=($(compgen -W "pprof folded speedscope" -- "$current"))
				return
			fi
			;;
		--min-verdict)
			COMPREPLY=($(compgen -W "leak suspect bounded-cache warm-up churn not-enough-samples" -- "$current"))
			return
			;;
		--dir | --root | --debug-dir)
			COMPREPLY=($(compgen -d -- "$current"))
			return
			;;
		--output | -o | --diff | -d | --runtime)
			COMPREPLY=($(compgen -f -- "$current"))
			return
			;;
		--pid)
			COMPREPLY=($(compgen -W "$(_arxheap_pids)" -- "$current"))
			return
			;;
		--sample | --interval | --memory | --depth | --keep | --only | --limit | --top | -n | --callers | --title | --every | --timeout)
			return
			;;
	esac
	if [[ $current == -* ]]; then
		COMPREPLY=($(compgen -W "$(_arxheap_options "$command")" -- "$current"))
		return
	fi
	case $command in
		help)
			COMPREPLY=($(compgen -W "$commands" -- "$current"))
			;;
		run)
			COMPREPLY=($(compgen -W "--" -- "$current") $(compgen -c -- "$current"))
			;;
		arm | disarm | snapshot)
			COMPREPLY=($(compgen -W "$(_arxheap_pids)" -- "$current"))
			;;
		list)
			COMPREPLY=($(compgen -d -- "$current"))
			;;
		*)
			COMPREPLY=($(compgen -W "$(_arxheap_pids)" -- "$current") $(compgen -f -- "$current")
				$(compgen -G "$(_arxheap_folder)/*.arxheap"))
			[[ -n $current ]] && COMPREPLY=($(compgen -W "${COMPREPLY[*]}" -- "$current"))
			;;
	esac
}

complete -o filenames -F _arxheap arxheap

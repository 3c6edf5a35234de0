# bash completion of leaktop(1)

_leaktop_pids()
{
	leaktop list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_leaktop()
{
	local word=$2 previous=$3 command='' i
	local commands='run attach detach doctor list baseline pause resume scan export record open diff'
	local look='-b --batch -n --frames -d --delay --json --top --sort --filter --baseline
		--theme --ascii --readonly'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		run|attach|detach|doctor|list|baseline|pause|resume|scan|export|record|open|diff) command=${COMP_WORDS[i]}; break ;;
		--) break ;;
		esac
	done
	if [[ $command == run ]]; then
		for ((i = 1; i < COMP_CWORD; i++)); do
			if [[ ${COMP_WORDS[i]} == -- ]]; then
				# the rest is another program's command line
				if ((i + 1 == COMP_CWORD)); then
					mapfile -t COMPREPLY < <(compgen -c -- "$word")
				else
					compopt -o default
				fi
				return
			fi
		done
	fi
	case $previous in
	--sort) mapfile -t COMPREPLY < <(compgen -W 'delta rate live' -- "$word"); return ;;
	--format) mapfile -t COMPREPLY < <(compgen -W 'json folded speedscope pprof html' -- "$word"); return ;;
	--theme|-o|--output) compopt -o default; return ;;
	--native) mapfile -t COMPREPLY < <(compgen -W 'stacks python off' -- "$word"); return ;;
	--dir) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	-n) [[ $command == attach ]] || return ;;
	--frames|--every|--max-size|--budget|-d|--delay|--top|--filter|--type|-i|--interval|-m|--memory|--fail-over) return ;;
	esac
	case $command:$word in
	run:*) i='--interval --memory --dir --help --' ;;
	attach:-*) i='-n --dry-run -v --verbose --seccomp -i --interval -m --memory --budget
		--native --help' ;;
	detach:-*|doctor:-*) i='--help' ;;
	list:*) i='--json --help' ;;
	export:-*) i='-g --group -o --output --format --delta --baseline --help' ;;
	record:-*) i='-g --group -o --output --every --max-size -n --frames --help' ;;
	diff:-*) i='--fail-over --top --json --help' ;;
	open:-*) i="$look --help" ;;
	open:*|diff:*) compopt -o default; return ;;
	baseline:-*|pause:-*|resume:-*) i='--help' ;;
	scan:-*) i='--json --top --filter --min-length --type --stack --address --help' ;;
	scan:*) i="types containers referrers $(_leaktop_pids)" ;;
	:-*) i="$look --help --version" ;;
	:*) i="$commands $(_leaktop_pids)" ;;
	*) i=$(_leaktop_pids) ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$i" -- "$word")
}
complete -F _leaktop leaktop

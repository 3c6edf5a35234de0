# fish completion of leaktop(1)

function __leaktop_processes
	leaktop list 2>/dev/null | awk 'NR > 1 { pid = $1; $1 = $2 = $3 = $4 = $5 = ""; sub(/^ +/, ""); print pid "\t" $0 }'
end

set -l commands run attach detach doctor list baseline pause resume scan export record open diff

complete -c leaktop -f
complete -c leaktop -s h -l help -d 'help'
complete -c leaktop -s V -l version -d 'version'

complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a run -d 'start a program with the sampler'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a attach -d 'put the sampler into a process that runs'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a detach -d 'take it out again'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a doctor -d 'whether attach would work'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a list -d 'the Python processes of this host'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a baseline -d 'mark a baseline'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a pause -d 'stop sampling'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a resume -d 'go on sampling'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a scan -d 'what the heap is made of'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a export -d 'write a snapshot'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a open -d 'show a snapshot'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a diff -d 'what grew between two snapshots'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands" -a record -d 'append snapshots to a file'
complete -c leaktop -n "__fish_seen_subcommand_from export record" -s g -l group -d 'with all below it'
complete -c leaktop -n "__fish_seen_subcommand_from record" -s o -l output -r -F -d 'where to'
complete -c leaktop -n "__fish_seen_subcommand_from record" -l every -x -d 'time between snapshots'
complete -c leaktop -n "__fish_seen_subcommand_from record" -l max-size -x -d 'of the disk'
complete -c leaktop -n "not __fish_seen_subcommand_from $commands; or __fish_seen_subcommand_from attach detach doctor baseline pause resume scan export" -a '(__leaktop_processes)'

set -l look "not __fish_seen_subcommand_from run attach detach doctor list baseline pause resume scan export record diff"
complete -c leaktop -n $look -s b -l batch -d 'frames of text, no screen'
complete -c leaktop -n $look -s n -l frames -x -d 'how many frames'
complete -c leaktop -n $look -s d -l delay -x -d 'time between frames'
complete -c leaktop -n $look -l sort -x -a 'delta rate live' -d 'order of the rows'
complete -c leaktop -n $look -l filter -x -d 'rows with this text'
complete -c leaktop -n $look -l theme -r -F -d 'colours'
complete -c leaktop -n $look -l ascii -d 'draw with ASCII alone'
complete -c leaktop -n $look -l readonly -d 'disable the keys that touch the process'
complete -c leaktop -n "not __fish_seen_subcommand_from run attach detach doctor baseline pause resume export" -l json -d 'JSON lines'
complete -c leaktop -n "not __fish_seen_subcommand_from run attach detach doctor list baseline pause resume export" -l top -x -d 'rows'
complete -c leaktop -n "not __fish_seen_subcommand_from run attach detach doctor list baseline pause resume scan record diff" -l baseline -x -d 'growth since this one'

complete -c leaktop -n "__fish_seen_subcommand_from run attach" -s i -l interval -x -d 'distance between samples'
complete -c leaktop -n "__fish_seen_subcommand_from run attach" -s m -l memory -x -d 'cap of the tables'
complete -c leaktop -n "__fish_seen_subcommand_from run attach" -l budget -x -d 'what it may cost'
complete -c leaktop -n "__fish_seen_subcommand_from run attach" -l native -x -a 'stacks python off' -d 'of libraries'
complete -c leaktop -n "__fish_seen_subcommand_from attach" -s n -l dry-run -d 'touch nothing'
complete -c leaktop -n "__fish_seen_subcommand_from attach" -s v -l verbose -d 'how long it took'
complete -c leaktop -n "__fish_seen_subcommand_from attach" -l seccomp -d 'also where system calls are filtered'
complete -c leaktop -n "__fish_seen_subcommand_from run" -l dir -x -a '(__fish_complete_directories)' -d 'folder of the socket'
complete -c leaktop -n "__fish_seen_subcommand_from run" -a '(__fish_complete_command)'
complete -c leaktop -n "__fish_seen_subcommand_from export" -s o -l output -r -F -d 'where to'
complete -c leaktop -n "__fish_seen_subcommand_from export" -l format -x -a 'json folded speedscope pprof html' -d 'format'
complete -c leaktop -n "__fish_seen_subcommand_from export" -l delta -d 'what grew, as a flame graph'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -a types -d 'objects by type'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -a containers -d 'the largest containers'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -l min-length -x -d 'of containers'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -a referrers -d 'who holds objects'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -l type -x -d 'of what is held'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -l stack -x -d 'that allocated what is held'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -l address -x -d 'of what is held'
complete -c leaktop -n "__fish_seen_subcommand_from scan" -l filter -x -d 'types with this text'
complete -c leaktop -n "__fish_seen_subcommand_from diff" -l fail-over -x -d 'exit 3 above this growth'
complete -c leaktop -n "__fish_seen_subcommand_from open diff" -F

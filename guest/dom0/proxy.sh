# A socket proxy between the two guests, and an HTTP transfer through it. Sourced after testbed.sh.

PORT=8080 # of the connecting guest's loopback; what is accepted there is dialled at port 80 of the listening guest's

# tell DOMAIN COMMAND: has a guest carry it out; its answer is in $reply. What it says of an error ends the window.
tell() {
	reply=$(interdom-agent run 60 "$1" "$2") && return
	echo "@interdom-begin $window"
	echo "$reply" | interdom-agent emit "$window" reply
	echo "@interdom-end $window"
	return 1
}

# run_program DOMAIN COMMAND: starts one that lives on until end_programs
run_program() {
	tell "$1" "$2" || return
	programs="$1:${reply##*pid=} $programs"
}

end_programs() {
	for program in $programs; do
		interdom-agent run 60 "${program%:*}" "stop pid=${program#*:} name=$name" >/dev/null
	done
}

# start_relay RELAY TRANSPORT RING
start_relay() {
	path=/local/domain/$DOM1/data/$name
	if [ "$1" = vchan-socket-proxy ]; then
		# It has UNIX sockets only. Data that comes along with the connection it does not notice (its server has taken the
		# event for both, and waits for another one), and hangs: hence the pause.
		tell "$DOM1" "http-server message=$bytes" &&
			run_program "$DOM1" "forward socket=/tmp/server to=80" &&
			run_program "$DOM1" "vchan-socket-proxy mode=server peer=$DOM2 path=$path socket=/tmp/server" &&
			run_program "$DOM2" "vchan-socket-proxy mode=client peer=$DOM1 path=$path socket=/tmp/client" &&
			run_program "$DOM2" "forward listen=$PORT socket=/tmp/client pause=50"
	else
		channels="transport=$2 ring=$3 name=$name path=$path ask=1"
		tell "$DOM1" "http-server message=$bytes" &&
			run_program "$DOM1" "proxy to=80 peer=$DOM2 $channels" &&
			run_program "$DOM2" "proxy listen=$PORT peer=$DOM1 $channels"
	fi
}

# http_window ID SECONDS TRACED RELAY TRANSPORT RING BYTES COUNT DELAY: a file of so many bytes, fetched so often
http_window() {
	window=$1
	name=w$(echo "$1" | tr -d -)
	bytes=$7
	programs=
	broker=
	if [ "$5" = v2v ]; then
		interdom-agent broker-service &
		broker=$!
	fi
	start_relay "$4" "$5" "$6" &&
		run_window "$1" "$2" "$3" "$DOM2" "http-client port=$PORT message=$7 count=$8 ring=$6 delay=$9"
	end_programs
	[ -z "$broker" ] || kill "$broker"
}

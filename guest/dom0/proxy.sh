# A socket proxy between the two guests, and an HTTP transfer through it. Sourced after testbed.sh.

PORT=8080     # of the connecting guest's loopback, at which the proxy listens
HTTP_PORT=80  # of the listening guest's, at which it dials a server
PROBE_PORT=81 # at which it dials one that does what TCP can do

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

# start_proxies TRANSPORT RING TARGET
start_proxies() {
	channels="transport=$1 ring=$2 name=$name path=/local/domain/$DOM1/data/$name ask=1"
	run_program "$DOM1" "proxy to=$3 peer=$DOM2 $channels" &&
		run_program "$DOM2" "proxy listen=$PORT peer=$DOM1 $channels"
}

# start_relay RELAY TRANSPORT RING
start_relay() {
	path=/local/domain/$DOM1/data/$name
	if [ "$1" = vchan-socket-proxy ]; then
		# It has UNIX sockets only. Data that comes along with the connection it does not notice (its server has taken the
		# event for both, and waits for another one), and hangs: hence the pause.
		tell "$DOM1" "http-server message=$bytes" &&
			run_program "$DOM1" "forward socket=/tmp/server to=$HTTP_PORT" &&
			run_program "$DOM1" "vchan-socket-proxy mode=server peer=$DOM2 path=$path socket=/tmp/server" &&
			run_program "$DOM2" "vchan-socket-proxy mode=client peer=$DOM1 path=$path socket=/tmp/client" &&
			run_program "$DOM2" "forward listen=$PORT socket=/tmp/client pause=50"
	else
		tell "$DOM1" "http-server message=$bytes" && start_proxies "$2" "$3" $HTTP_PORT
	fi
}

# start_broker_for TRANSPORT
start_broker_for() {
	broker=
	[ "$1" = v2v ] || return 0
	interdom-agent broker-service &
	broker=$!
}

# http_window ID SECONDS TRACED RELAY TRANSPORT RING BYTES COUNT DELAY: a file of so many bytes, fetched so often
http_window() {
	window=$1
	name=w$(echo "$1" | tr -d -)
	bytes=$7
	programs=
	start_broker_for "$5"
	start_relay "$4" "$5" "$6" &&
		run_window "$1" "$2" "$3" "$DOM2" "http-client port=$PORT message=$7 count=$8 ring=$6 delay=$9"
	end_programs
	[ -z "$broker" ] || kill "$broker"
}

# probe_proxy ID TRANSPORT RING SEQUENTIAL: does the proxy do as TCP does? The answer is that of a window.
probe_proxy() {
	window=$1
	name=$1
	programs=
	start_broker_for "$2"
	run_program "$DOM1" "tcp-server port=$PROBE_PORT" && start_proxies "$2" "$3" $PROBE_PORT &&
		run_window "$1" 120 no "$DOM2" "tcp-probe port=$PORT sequential=$4"
	end_programs
	[ -z "$broker" ] || kill "$broker"
}

# What goes wrong, carried out with real domains: the director of the scenarios in scenarios/failure, as dom0 plays it.
# Sourced after testbed.sh. It only acts and observes; what that comes to is judged by src/testbed/xen/failure.
#
# A batch sets: transport, ring and message (bytes).

MOST_SECONDS=60 # for what comes about if it ever does; more than the half minute for which V2V waits for its broker
HEARD='^state=talking .* received=[1-9]'
parties= # names of the ends that were started

# begin_cell ID, end_cell: what is observed between belongs to this cell. Meanwhile dom0 says every second that it lives.
begin_cell() {
	cell=$1
	echo "@interdom-begin $cell"
	while sleep 1; do echo "@interdom-alive"; done &
	heart=$!
}
end_cell() {
	kill $heart
	echo "@interdom-end $cell"
}

fault() {
	echo "$*" | interdom-agent emit $cell fault
}

# ---- ends of connections ----

# start_party NAME DOMAIN OPTIONS...: its place is kept as "DOMID REF" in at_NAME
start_party() {
	party=$1
	domain=$2
	shift 2
	reply=$(interdom-agent run $MOST_SECONDS "$domain" "party $*")
	case $reply in
	*" ok board="*)
		eval "at_$party='$domain ${reply##*board=}'"
		parties="$parties $party"
		;;
	*) fault "$party was not started: $reply" ;;
	esac
}

# board_of NAME [close=1]: how that end is doing
board_of() {
	eval "place=\$at_$1"
	interdom-agent board domain=${place% *} ref=${place#* } $2
}

# pair NUMBER SERVER CLIENT [SERVER_DELAY CLIENT_DELAY]: both ends of a connection; delays in milliseconds
pair() {
	common="transport=$transport ring=$ring message=$message period=20 name=p$1 path=/local/domain/$2/data/p$1 ask=1 virq=0"
	start_party "server$1" "$2" "side=server peer=$3 $common delay=${4:-0}"
	start_party "client$1" "$3" "side=client peer=$2 $common delay=${5:-0}"
}

# until_board SECONDS NAME PATTERN: waits until the board of that end matches; fails when the time is over
until_board() {
	deadline=$(($(date +%s) + $1))
	until board_of "$2" | grep -Eq "$3"; do
		[ "$(date +%s)" -lt $deadline ] || return 1
		sleep 0.5
	done
}

# talks NAME: waits until that end has heard from its peer
talks() {
	until_board $MOST_SECONDS "$1" "$HEARD" || fault "$1 never talked: $(board_of "$1")"
}

# until_settled SECONDS NAME: waits until that end has heard from its peer, or failed
until_settled() {
	until_board "$1" "$2" "$HEARD|^state=failed"
}

# close_party NAME: its program ends as after a restart of the service by hand
close_party() {
	board_of "$1" close=1 >/dev/null
}

# ---- observing ----

# observe LABEL: how all ends and both domains are now
observe() {
	for party in $parties; do
		echo "$1 party $party $(board_of "$party")"
	done >"$INTERDOM_RUN/observed"
	interdom-agent domains domains=$DOM1,$DOM2 | sed "s/^/$1 domain /" >>"$INTERDOM_RUN/observed"
	interdom-agent emit $cell observed <"$INTERDOM_RUN/observed"
}

# ---- faults ----

crash() {
	interdom-agent run $MOST_SECONDS "$1" crash >/dev/null || fault "domain $1 did not crash"
}

# until_state SECONDS DOMAIN STATE
until_state() {
	deadline=$(($(date +%s) + $1))
	until interdom-agent domains domains="$2" | grep -q " $3 "; do
		[ "$(date +%s)" -lt $deadline ] || return 1
		sleep 0.05
	done
}

# preserve NUMBER: nobody acts when that guest crashes, as with on_crash="preserve"
preserve() {
	for process in /proc/[0-9]*; do # not every busybox has pkill
		tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q "create -q $INTERDOM_RUN/$INTERDOM_PREFIX-$1.cfg" || continue
		kill "${process#/proc/}" && return
	done
	fault "guest $1 has no monitor"
}

start_broker() {
	interdom-agent broker-service &
	broker=$!
}

kill_service() {
	case $1 in
	broker) kill -9 $broker ;;
	xenstored) kill -9 "$(cat /run/xenstored.pid)" ;;
	esac
}

# fresh_guests LINES: guests of the same kind once more, with further lines in their configuration
fresh_guests() {
	stop_guests
	GUEST_LINES=$1
	start_guests "$guests" /interdom/vmlinux /interdom/guest.cpio || failed "the guests did not come up again"
}

# ---- scenarios ----

# broker_outage SERVICE before|during|after DOWN: DOWN in seconds; 0: for good
broker_outage() {
	start_broker
	pair 1 $DOM1 $DOM2
	talks client1
	# Both ends are told beforehand what to do, since nobody can be told anything without xenstored.
	case $2 in
	before) pair 2 $DOM1 $DOM2 2000 2000 ;;
	during) pair 2 $DOM1 $DOM2 0 2000 ;; # the server has asked, the client has yet to come
	after)
		pair 2 $DOM1 $DOM2
		talks client2
		;;
	esac
	sleep 0.5
	observe before
	kill_service "$1"
	[ "$2" = after ] || sleep 1.5
	if [ "$3" = 0 ]; then
		# It comes about, or it is given up, or it still waits when the time is over.
		[ "$2" = after ] || until_settled $MOST_SECONDS client2
		observe down
	else
		sleep "$3"
		observe down
		start_broker
		until_settled $MOST_SECONDS client2
		observe repaired
	fi
	sleep 0.2
	observe end
}

# symmetric_crash one|both OBSERVED: so many seconds the survivor is left to itself
symmetric_crash() {
	start_broker
	pair 1 $DOM1 $DOM2
	pair 2 $DOM2 $DOM1
	for party in server1 client1 server2 client2; do talks $party; done
	observe before
	crash $DOM1
	[ "$1" = one ] || crash $DOM2
	sleep "$2"
	observe crashed
	if [ "$1" = one ]; then
		for party in client1 server2; do
			close_party $party
			until_board 20 $party "^gone"
		done
		sleep 0.1
		observe closed
		xl destroy $DOM2 || fault "the survivor could not be destroyed"
	fi
	sleep 1
	observe end
}

# destroy_order ORDER OBSERVED
destroy_order() {
	start_broker
	pair 1 $DOM1 $DOM2
	talks client1
	observe before
	case $1 in
	client-first) xl destroy $DOM2 ;;
	client-hung) xl pause $DOM2 ;;
	client-crashed)
		preserve 2
		crash $DOM2
		until_state 20 $DOM2 crashed || fault "the client did not crash"
		;;
	esac
	sleep 0.1
	xl destroy $DOM1
	sleep "$2"
	observe destroyed
	xl destroy $DOM2 2>/dev/null # the only cure that is always there; gone already where it went first
	sleep 1
	observe end
}

# channel_depletion SCARCE MOST
channel_depletion() {
	case $1 in
	event-channels) fresh_guests 'max_event_channels=64' ;;
	grant-frames) fresh_guests 'max_grant_frames=2' ;; # with one, Linux does not boot
	maptrack-frames) fresh_guests 'max_maptrack_frames=1' ;;
	esac
	if [ "$1" != as-delivered ]; then
		for quota in nodes watches node-size; do
			answer=$(interdom-agent store-quota name=$quota value=60000) || fault "$answer"
		done
	fi
	start_broker
	observe before
	common="transport=$transport ring=$ring message=$message path=/local/domain/$DOM1/data/vchan/ ask=1 virq=0 most=$2"
	interdom-agent run 3600 $DOM1 "crowd side=server peer=$DOM2 $common" $DOM2 "crowd side=client peer=$DOM1 $common" \
		>"$INTERDOM_RUN/crowd" &
	crowd=$!
	while kill -0 $crowd 2>/dev/null; do
		interdom-agent domains domains=$DOM1,$DOM2 | sed "s/^/counting domain /" | interdom-agent emit $cell observed
		sleep 5
	done
	sed "s/^/end crowd /" "$INTERDOM_RUN/crowd" | interdom-agent emit $cell observed
	observe end
}

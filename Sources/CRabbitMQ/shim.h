// What Swift cannot import from librabbitmq as it stands.
#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// `amqp_login_with_properties` is variadic, which Swift cannot call; PLAIN takes exactly these two arguments.
// The plain `amqp_login` cannot ask for `consumer_cancel_notify` and `connection.blocked`.
static inline amqp_rpc_reply_t weir_amqp_login(amqp_connection_state_t state, char const *vhost, int channel_max,
                                               int frame_max, int heartbeat, const amqp_table_t *properties,
                                               char const *user, char const *password) {
  return amqp_login_with_properties(state, vhost, channel_max, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

// `prctl` is variadic, and `pthread_setname_np` hidden from Swift. Linux keeps the first 15 bytes.
static inline void weir_name_thread(char const *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

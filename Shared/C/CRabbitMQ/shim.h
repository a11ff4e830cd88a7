#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <sys/eventfd.h>

// Swift cannot call variadic C functions; these two fix the arguments of amqp_login_with_properties.
static inline amqp_rpc_reply_t oncorelay_amqp_login_plain(
    amqp_connection_state_t state, const char *virtual_host, int frame_max, int heartbeat,
    const amqp_table_t *properties, const char *user, const char *password) {
    return amqp_login_with_properties(
        state, virtual_host, 1, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN, user, password);
}

static inline amqp_rpc_reply_t oncorelay_amqp_login_external(
    amqp_connection_state_t state, const char *virtual_host, int frame_max, int heartbeat,
    const amqp_table_t *properties, const char *identity) {
    return amqp_login_with_properties(
        state, virtual_host, 1, frame_max, heartbeat, properties, AMQP_SASL_METHOD_EXTERNAL, identity);
}

// A frame's payload is a union; these read it without copying the frame.
static inline amqp_method_number_t oncorelay_amqp_method_id(const amqp_frame_t *frame) {
    return frame->payload.method.id;
}
static inline const void *oncorelay_amqp_method(const amqp_frame_t *frame) {
    return frame->payload.method.decoded;
}
static inline uint64_t oncorelay_amqp_body_size(const amqp_frame_t *frame) {
    return frame->payload.properties.body_size;
}
static inline const amqp_basic_properties_t *oncorelay_amqp_properties(const amqp_frame_t *frame) {
    return (const amqp_basic_properties_t *)frame->payload.properties.decoded;
}
static inline amqp_bytes_t oncorelay_amqp_body_fragment(const amqp_frame_t *frame) {
    return frame->payload.body_fragment;
}

// Method numbers and property flags are macros with casts; as constants they have a type that Swift can see.
static const uint32_t oncorelay_amqp_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const uint32_t oncorelay_amqp_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const uint32_t oncorelay_amqp_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const uint32_t oncorelay_amqp_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const uint32_t oncorelay_amqp_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const uint32_t oncorelay_amqp_basic_get_ok = AMQP_BASIC_GET_OK_METHOD;
static const uint32_t oncorelay_amqp_basic_return = AMQP_BASIC_RETURN_METHOD;
static const uint32_t oncorelay_amqp_basic_ack = AMQP_BASIC_ACK_METHOD;
static const uint32_t oncorelay_amqp_basic_nack = AMQP_BASIC_NACK_METHOD;
static const uint32_t oncorelay_amqp_basic_cancel = AMQP_BASIC_CANCEL_METHOD;

static const uint8_t oncorelay_amqp_frame_method = AMQP_FRAME_METHOD;
static const uint8_t oncorelay_amqp_frame_header = AMQP_FRAME_HEADER;
static const uint8_t oncorelay_amqp_frame_body = AMQP_FRAME_BODY;

static const uint32_t oncorelay_amqp_has_content_type = AMQP_BASIC_CONTENT_TYPE_FLAG;
static const uint32_t oncorelay_amqp_has_content_encoding = AMQP_BASIC_CONTENT_ENCODING_FLAG;
static const uint32_t oncorelay_amqp_has_headers = AMQP_BASIC_HEADERS_FLAG;
static const uint32_t oncorelay_amqp_has_delivery_mode = AMQP_BASIC_DELIVERY_MODE_FLAG;
static const uint32_t oncorelay_amqp_has_correlation_id = AMQP_BASIC_CORRELATION_ID_FLAG;
static const uint32_t oncorelay_amqp_has_reply_to = AMQP_BASIC_REPLY_TO_FLAG;
static const uint32_t oncorelay_amqp_has_expiration = AMQP_BASIC_EXPIRATION_FLAG;
static const uint32_t oncorelay_amqp_has_message_id = AMQP_BASIC_MESSAGE_ID_FLAG;
static const uint32_t oncorelay_amqp_has_timestamp = AMQP_BASIC_TIMESTAMP_FLAG;
static const uint32_t oncorelay_amqp_has_type = AMQP_BASIC_TYPE_FLAG;
static const uint32_t oncorelay_amqp_has_user_id = AMQP_BASIC_USER_ID_FLAG;
static const uint32_t oncorelay_amqp_has_app_id = AMQP_BASIC_APP_ID_FLAG;

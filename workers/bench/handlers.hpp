// SPDX-License-Identifier: Apache-2.0
#pragma once
// The handlers behind the bench verbs. One table, filled from one file per group; a test holds it
// against the verb table of core/model, so that no verb is without a handler and no handler without
// a verb. Arguments have been checked.

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/task.hpp"

namespace seatrial::bench {

class Bench;
/// A plain function: a capturing lambda as coroutine would dangle.
using Handler = Task<Result<nlohmann::json>> (*)(Bench& bench, nlohmann::json arguments);
using HandlerTable = std::map<std::string_view, Handler>;

void add_power_verbs(HandlerTable& table);
void add_storage_verbs(HandlerTable& table);
void add_disk_verbs(HandlerTable& table);
void add_console_verbs(HandlerTable& table);
void add_shell_verbs(HandlerTable& table);
void add_boot_verbs(HandlerTable& table);
void add_os_verbs(HandlerTable& table);
void add_cloud_verbs(HandlerTable& table);
void add_network_verbs(HandlerTable& table);
void add_checkpoint_verbs(HandlerTable& table);

const HandlerTable& handlers();

class Stream;
/// The same for verbs that stream.
using StreamHandler = Task<Result<nlohmann::json>> (*)(Bench& bench, nlohmann::json arguments,
                                                       std::shared_ptr<Stream> stream);
using StreamHandlerTable = std::map<std::string_view, StreamHandler>;
const StreamHandlerTable& stream_handlers();

}  // namespace seatrial::bench

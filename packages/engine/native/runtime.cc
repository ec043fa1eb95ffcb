// TensorFlow's sessions and servers, for Node: what the stock binding has no call for.
//
//   version()                                    the version of TensorFlow
//   startServer(serverDef, address)              starts the server of a tensorflow.ServerDef; never stops it
//   openSession(graphDef, target, configProto)   a session; target '' is this process
//   extend(session, graphDef, tensors, nodes)    adds nodes; the tensors and nodes that they take of the earlier ones
//   run(session, feeds, fetches, targets, runOptions)  a promise of tensors; runs on a thread of its own
//   runSync(...the same)                         the tensors
//   runShared(...the same)                       the tensors in TensorFlow's own memory, which is not to be written in
//   runBehind(session, feeds, targets, what)     returns at once; what uses the session next waits, and throws what it threw
//   begin(session, feeds, fetches)               returns at once; until `take`, TensorFlow computes
//   take(session)                                waits for what has begun, and gives the tensors
//   wait(session)                                for what is behind; throws what it threw
//   closeSession(session)                        a promise; cancels the runs that are under way; the process does not wait
//   undisturbed(work, ...arguments)              calls work while this thread takes no signals; of up to four arguments
//   leave()                                      to be called when the process ends
//
// A feed is [name, type, shape, typed array]; a tensor that comes back is { dtype, shape, data: ArrayBuffer }.
#include <node_api.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tensorflow/c/c_api.h"

#ifndef _WIN32
#include <signal.h>
#endif

#ifdef __GLIBC__
#include <unistd.h>
#endif

#ifdef __linux__
#include <arpa/inet.h>
#include <elf.h>
#include <link.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#endif

namespace {

struct StatusDeleter {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
};
using Status = std::unique_ptr<TF_Status, StatusDeleter>;
Status NewStatus() { return Status(TF_NewStatus()); }

struct Failure {
  TF_Code code = TF_OK;
  std::string message;
  bool failed() const { return code != TF_OK; }
  static Failure Of(const Status& status) { return {TF_GetCode(status.get()), TF_Message(status.get())}; }
};

// ---- Signals ---------------------------------------------------------------------------------------------------

// While oneDNN multiplies matrices the stack pointer may lie in the heap, and the handler of a signal would write there
// (uxlfoundation/oneDNN#4845). So threads that compute take none. TensorFlow's have that from the one that starts them.
class Undisturbed {
 public:
#ifndef _WIN32
  Undisturbed() {
    sigset_t signals;
    sigfillset(&signals);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&signals, fault);
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~Undisturbed() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
#else
  Undisturbed() {}
#endif
};

napi_value CallUndisturbed(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5], self, given = nullptr;
  napi_get_cb_info(env, info, &count, arguments, &self, nullptr);
  const Undisturbed undisturbed;
  napi_call_function(env, self, arguments[0], count - 1, arguments + 1, &given);
  return given;
}

// ---- The end of the process ------------------------------------------------------------------------------------

// Runs on threads that nothing waits for, and servers.
std::atomic<int> under_way{0};

// Beside them the C library must not take TensorFlow down: that ends by a signal. What is to be done at the exit is done in
// the other order, so this has to be said when all that TensorFlow has to do is known.
napi_value Leave(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  const auto end = [](int status, void*) {
    if (under_way == 0) return;
    std::fflush(nullptr);
    _exit(status);
  };
  on_exit(end, nullptr);
#endif
  return nullptr;
}

// What threads must know of Node before they hand something over.
struct Environment {
  std::mutex mutex;
  bool ended = false;

  static std::shared_ptr<Environment>& Of(napi_env env) {
    void* held = nullptr;
    napi_get_instance_data(env, &held);
    return *static_cast<std::shared_ptr<Environment>*>(held);
  }

  static void Begin(napi_env env) {
    auto* held = new std::shared_ptr<Environment>(std::make_shared<Environment>());
    napi_set_instance_data(env, held, nullptr, nullptr);
    const auto end = [](void* held) {
      auto& environment = *static_cast<std::shared_ptr<Environment>*>(held);
      std::lock_guard<std::mutex> lock(environment->mutex);
      environment->ended = true;
    };
    napi_add_env_cleanup_hook(env, end, held);
  }
};

// ---- JavaScript ------------------------------------------------------------------------------------------------

napi_value Text(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

napi_value Number(napi_env env, double number) {
  napi_value value;
  napi_create_double(env, number, &value);
  return value;
}

// An Error whose `code` is TensorFlow's (tensorflow/core/protobuf/error_codes.proto).
napi_value ErrorOf(napi_env env, const Failure& failure) {
  napi_value error;
  napi_create_error(env, nullptr, Text(env, failure.message), &error);
  napi_set_named_property(env, error, "code", Number(env, failure.code));
  return error;
}

napi_value Throw(napi_env env, const Failure& failure) {
  napi_throw(env, ErrorOf(env, failure));
  return nullptr;
}

std::string ToText(napi_env env, napi_value value) {
  size_t size = 0;
  napi_get_value_string_utf8(env, value, nullptr, 0, &size);
  std::string text(size, '\0');
  napi_get_value_string_utf8(env, value, text.data(), size + 1, &size);
  return text;
}

std::vector<napi_value> Items(napi_env env, napi_value array) {
  uint32_t length = 0;
  napi_get_array_length(env, array, &length);
  std::vector<napi_value> items(length);
  for (uint32_t index = 0; index < length; index++) napi_get_element(env, array, index, &items[index]);
  return items;
}

struct Bytes {
  void* data = nullptr;
  size_t size = 0;
};

Bytes ToBytes(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  Bytes bytes;
  if (napi_get_typedarray_info(env, value, &type, &length, &bytes.data, nullptr, nullptr) != napi_ok) return bytes;
  const bool is_byte = type == napi_int8_array || type == napi_uint8_array || type == napi_uint8_clamped_array;
  bytes.size = length * (is_byte ? 1 : type == napi_int16_array || type == napi_uint16_array ? 2
                         : type == napi_int32_array || type == napi_uint32_array || type == napi_float32_array ? 4
                                                                                                               : 8);
  return bytes;
}

// ---- Servers ---------------------------------------------------------------------------------------------------

#ifdef __linux__
// TensorFlow has its servers listen on every address of the machine, and no option for another. So its calls of `bind`
// come here, where "every address" becomes the one that was asked for.
std::mutex listening;
in_addr listen_on;
int replaced = 0;

int BindToOne(int socket, const sockaddr* address, socklen_t size) {
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in one = *reinterpret_cast<const sockaddr_in*>(address);
    if (one.sin_addr.s_addr == htonl(INADDR_ANY)) {
      one.sin_addr = listen_on;
      replaced++;
    }
    return bind(socket, reinterpret_cast<sockaddr*>(&one), sizeof(one));
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 one = *reinterpret_cast<const sockaddr_in6*>(address);
    uint8_t* bytes = one.sin6_addr.s6_addr;
    const bool is_any = IN6_IS_ADDR_UNSPECIFIED(&one.sin6_addr) ||
                        (IN6_IS_ADDR_V4MAPPED(&one.sin6_addr) && std::memcmp(bytes + 12, "\0\0\0\0", 4) == 0);
    if (is_any) {
      bytes[10] = bytes[11] = 0xff;
      std::memcpy(bytes + 12, &listen_on, 4);
      replaced++;
    }
    return bind(socket, reinterpret_cast<sockaddr*>(&one), sizeof(one));
  }
  return bind(socket, address, size);
}

// Puts BindToOne where a library of TensorFlow has the address of `bind`.
int Redirect(dl_phdr_info* info, size_t, void*) {
  if (std::strstr(info->dlpi_name, "libtensorflow") == nullptr) return 0;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    if (info->dlpi_phdr[index].p_type == PT_DYNAMIC)
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[index].p_vaddr);
  }
  const char* names = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const ElfW(Rela)* tables[2] = {nullptr, nullptr};
  size_t sizes[2] = {0, 0};
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; dynamic++) {
    const auto value = dynamic->d_un;
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(value.d_ptr);
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(value.d_ptr);
    if (dynamic->d_tag == DT_JMPREL) tables[0] = reinterpret_cast<const ElfW(Rela)*>(value.d_ptr);
    if (dynamic->d_tag == DT_PLTRELSZ) sizes[0] = value.d_val;
    if (dynamic->d_tag == DT_RELA) tables[1] = reinterpret_cast<const ElfW(Rela)*>(value.d_ptr);
    if (dynamic->d_tag == DT_RELASZ) sizes[1] = value.d_val;
  }
  if (names == nullptr || symbols == nullptr) return 0;
  const uintptr_t page = sysconf(_SC_PAGESIZE);
  for (int table = 0; table < 2; table++) {
    for (size_t index = 0; tables[table] != nullptr && index < sizes[table] / sizeof(ElfW(Rela)); index++) {
      const ElfW(Rela)& entry = tables[table][index];
      const auto symbol = ELF64_R_SYM(entry.r_info);
      if (symbol == 0 || std::strcmp(names + symbols[symbol].st_name, "bind") != 0) continue;
      const uintptr_t slot = info->dlpi_addr + entry.r_offset;
      mprotect(reinterpret_cast<void*>(slot & ~(page - 1)), 2 * page, PROT_READ | PROT_WRITE);
      *reinterpret_cast<int (**)(int, const sockaddr*, socklen_t)>(slot) = BindToOne;
    }
  }
  return 0;
}
#endif

napi_value StartServer(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  const Bytes definition = ToBytes(env, arguments[0]);
#ifdef __linux__
  std::lock_guard<std::mutex> lock(listening);
  if (inet_pton(AF_INET, ToText(env, arguments[1]).c_str(), &listen_on) != 1)
    return Throw(env, {TF_INVALID_ARGUMENT, "the address to listen on is no IPv4 address"});
  dl_iterate_phdr(Redirect, nullptr);
  replaced = 0;
#else
  return Throw(env, {TF_UNIMPLEMENTED, "on this system TensorFlow's servers would listen on every address"});
#endif
  Status status = NewStatus();
  const Undisturbed undisturbed;
  TF_Server* server = TF_NewServer(definition.data, definition.size, status.get());
  if (Failure::Of(status).failed()) return Throw(env, Failure::Of(status));
#ifdef __linux__
  // It has bound its port by now, and serves nothing before it is started.
  if (replaced == 0) return Throw(env, {TF_INTERNAL, "TensorFlow listens on every address, whatever it is told"});
#endif
  TF_ServerStart(server, status.get());
  if (Failure::Of(status).failed()) return Throw(env, Failure::Of(status));
  under_way++;
  return Text(env, TF_ServerTarget(server));
}

// ---- Sessions --------------------------------------------------------------------------------------------------

struct Run;

struct Session {
  TF_Graph* graph = nullptr;
  TF_Session* session = nullptr;
  // What `take` is to give.
  std::shared_ptr<Run> begun;
  std::unique_ptr<class Behind> behind;
  ~Session();
};
using Shared = std::shared_ptr<Session>;

Shared& SessionOf(napi_env env, napi_value value) {
  void* held = nullptr;
  napi_get_value_external(env, value, &held);
  return *static_cast<Shared*>(held);
}

// What the nodes have of the graph already, by name, is in the options.
Failure Import(TF_Graph* graph, const Bytes& definition, TF_ImportGraphDefOptions* options) {
  const Undisturbed undisturbed;
  Status status = NewStatus();
  TF_Buffer* buffer = TF_NewBufferFromString(definition.data, definition.size);
  TF_GraphImportGraphDef(graph, buffer, options, status.get());
  TF_DeleteBuffer(buffer);
  TF_DeleteImportGraphDefOptions(options);
  return Failure::Of(status);
}

napi_value OpenSession(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  const Bytes graph = ToBytes(env, arguments[0]);
  const Bytes config = ToBytes(env, arguments[2]);
  auto session = std::make_shared<Session>();
  const Undisturbed undisturbed;
  session->graph = TF_NewGraph();
  const Failure imported = Import(session->graph, graph, TF_NewImportGraphDefOptions());
  if (imported.failed()) return Throw(env, imported);

  Status status = NewStatus();
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_SetTarget(options, ToText(env, arguments[1]).c_str());
  TF_SetConfig(options, config.data, config.size, status.get());
  if (!Failure::Of(status).failed()) session->session = TF_NewSession(session->graph, options, status.get());
  TF_DeleteSessionOptions(options);
  if (Failure::Of(status).failed()) return Throw(env, Failure::Of(status));

  napi_value external;
  napi_create_external(
      env, new Shared(session), [](napi_env, void* held, void*) { delete static_cast<Shared*>(held); }, nullptr,
      &external);
  return external;
}

TF_Output OutputOf(TF_Graph* graph, const std::string& name) {
  const size_t colon = name.find(':');
  const int index = colon == std::string::npos ? 0 : std::stoi(name.substr(colon + 1));
  return {TF_GraphOperationByName(graph, name.substr(0, colon).c_str()), index};
}

// One run: what goes in is copied out of JavaScript before it, and what comes back is copied in after it.
struct Run {
  Session* session = nullptr;
  // Not of a run on the session's own thread: the session waits for it, and must not end there.
  Shared kept;
  std::vector<TF_Output> inputs, outputs;
  std::vector<TF_Tensor*> fed, found;
  std::vector<TF_Operation*> targets;
  std::string options, what;
  Failure failure;
  napi_deferred deferred = nullptr;

  ~Run() {
    for (TF_Tensor* tensor : fed) TF_DeleteTensor(tensor);
    for (TF_Tensor* tensor : found)
      if (tensor != nullptr) TF_DeleteTensor(tensor);
  }

  TF_Output Output(const std::string& name) {
    const TF_Output output = OutputOf(session->graph, name);
    if (output.oper == nullptr) failure = {TF_INVALID_ARGUMENT, "there is no node '" + name + "'"};
    return output;
  }

  void Read(napi_env env, napi_value of, napi_value feeds, napi_value ends) {
    kept = SessionOf(env, of);
    session = kept.get();
    for (napi_value target : Items(env, ends)) targets.push_back(Output(ToText(env, target)).oper);
    for (napi_value feed : Items(env, feeds)) {
      const std::vector<napi_value> parts = Items(env, feed);
      int32_t type = 0;
      napi_get_value_int32(env, parts[1], &type);
      std::vector<int64_t> shape;
      size_t elements = 1;
      for (napi_value size : Items(env, parts[2])) {
        int64_t number = 0;
        napi_get_value_int64(env, size, &number);
        shape.push_back(number);
        elements *= number;
      }
      const Bytes bytes = ToBytes(env, parts[3]);
      const std::string name = ToText(env, parts[0]);
      inputs.push_back(Output(name));
      if (bytes.size != elements * TF_DataTypeSize(static_cast<TF_DataType>(type))) {
        failure = {TF_INVALID_ARGUMENT, "what is fed to '" + name + "' has not the size of its shape"};
        return;
      }
      fed.push_back(TF_AllocateTensor(static_cast<TF_DataType>(type), shape.data(), shape.size(), bytes.size));
      if (bytes.size > 0) std::memcpy(TF_TensorData(fed.back()), bytes.data, bytes.size);
    }
  }

  void Read(napi_env env, const napi_value* arguments) {
    Read(env, arguments[0], arguments[1], arguments[3]);
    ReadFetches(env, arguments[2]);
    const Bytes bytes = ToBytes(env, arguments[4]);
    options.assign(static_cast<const char*>(bytes.data), bytes.size);
  }

  void ReadFetches(napi_env env, napi_value fetches) {
    for (napi_value fetch : Items(env, fetches)) outputs.push_back(Output(ToText(env, fetch)));
    found.resize(outputs.size());
  }

  void Execute() {
    const Undisturbed undisturbed;
    Status status = NewStatus();
    TF_Buffer* buffer = TF_NewBufferFromString(options.data(), options.size());
    TF_SessionRun(session->session, buffer, inputs.data(), fed.data(), inputs.size(), outputs.data(), found.data(),
                  outputs.size(), targets.data(), targets.size(), nullptr, status.get());
    TF_DeleteBuffer(buffer);
    failure = Failure::Of(status);
  }

  // With `shares`, the memory is TensorFlow's own.
  napi_value Results(napi_env env, bool shares = false) {
    napi_value results;
    napi_create_array_with_length(env, found.size(), &results);
    for (size_t index = 0; index < found.size(); index++) {
      TF_Tensor* tensor = found[index];
      const size_t size = TF_TensorByteSize(tensor);
      napi_value result, shape, data;
      napi_create_object(env, &result);
      napi_create_array(env, &shape);
      for (int axis = 0; axis < TF_NumDims(tensor); axis++)
        napi_set_element(env, shape, axis, Number(env, TF_Dim(tensor, axis)));
      if (shares && size > 0) {
        found[index] = nullptr;
        const auto forget = [](napi_env, void*, void* held) { TF_DeleteTensor(static_cast<TF_Tensor*>(held)); };
        napi_create_external_arraybuffer(env, TF_TensorData(tensor), size, forget, tensor, &data);
      } else {
        void* bytes = nullptr;
        napi_create_arraybuffer(env, size, &bytes, &data);
        if (size > 0) std::memcpy(bytes, TF_TensorData(tensor), size);
      }
      napi_set_named_property(env, result, "dtype", Number(env, TF_TensorType(tensor)));
      napi_set_named_property(env, result, "shape", shape);
      napi_set_named_property(env, result, "data", data);
      napi_set_element(env, results, index, result);
    }
    return results;
  }
};

// Runs of a session on a thread of its own, one after another, while JavaScript goes on.
class Behind {
 public:
  Behind() : thread_([this] { Work(); }) {}

  ~Behind() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void Begin(std::shared_ptr<Run> run) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      run_ = std::move(run);
    }
    changed_.notify_all();
  }

  // Until the run is done; what it failed of is told once.
  Failure Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return run_ == nullptr; });
    return std::exchange(failure_, {});
  }

 private:
  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return run_ != nullptr || ends_; });
      if (run_ == nullptr) return;
      Run* run = run_.get();
      lock.unlock();
      under_way++;
      run->Execute();
      under_way--;
      lock.lock();
      failure_ = run->failure;
      if (failure_.failed()) failure_.message = run->what + failure_.message;
      run_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Run> run_;
  Failure failure_;
  bool ends_ = false;
  std::thread thread_;
};

Session::~Session() {
  behind = nullptr;
  Status status = NewStatus();
  if (session != nullptr) TF_DeleteSession(session, status.get());
  if (graph != nullptr) TF_DeleteGraph(graph);
}

// What a run behind has failed of, once there is none under way.
Failure Former(Session* session) { return session->behind == nullptr ? Failure() : session->behind->Wait(); }

napi_value Extend(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Session* session = SessionOf(env, arguments[0]).get();
  const Bytes definition = ToBytes(env, arguments[1]);
  const Failure former = Former(session);
  if (former.failed()) return Throw(env, former);

  TF_ImportGraphDefOptions* options = TF_NewImportGraphDefOptions();
  for (napi_value tensor : Items(env, arguments[2])) {
    const std::string name = ToText(env, tensor);
    const TF_Output known = OutputOf(session->graph, name);
    TF_ImportGraphDefOptionsAddInputMapping(options, name.substr(0, name.find(':')).c_str(), known.index, known);
  }
  for (napi_value node : Items(env, arguments[3])) {
    const std::string name = ToText(env, node);
    TF_ImportGraphDefOptionsRemapControlDependency(options, name.c_str(), OutputOf(session->graph, name).oper);
  }
  const Failure failure = Import(session->graph, definition, options);
  return failure.failed() ? Throw(env, failure) : nullptr;
}

// Runs on the session's own thread, once it has nothing else to run.
napi_value Begin(napi_env env, std::shared_ptr<Run> run) {
  if (run->failure.failed()) return Throw(env, run->failure);
  run->kept = nullptr;
  Session* session = run->session;
  const Failure former = Former(session);
  if (former.failed()) return Throw(env, former);
  if (session->behind == nullptr) session->behind = std::make_unique<Behind>();
  session->behind->Begin(std::move(run));
  return nullptr;
}

napi_value RunBehind(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto run = std::make_shared<Run>();
  run->Read(env, arguments[0], arguments[1], arguments[2]);
  run->what = ToText(env, arguments[3]);
  return Begin(env, std::move(run));
}

napi_value BeginRun(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3], nothing;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_create_array(env, &nothing);
  auto run = std::make_shared<Run>();
  run->Read(env, arguments[0], arguments[1], nothing);
  run->ReadFetches(env, arguments[2]);
  SessionOf(env, arguments[0])->begun = run;
  return Begin(env, std::move(run));
}

napi_value Take(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  Session* session = SessionOf(env, argument).get();
  // What has begun has its failure itself, whoever else has waited for it.
  Former(session);
  const auto run = std::exchange(session->begun, nullptr);
  return run->failure.failed() ? Throw(env, run->failure) : run->Results(env);
}

napi_value Wait(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  const Failure former = Former(SessionOf(env, argument).get());
  return former.failed() ? Throw(env, former) : nullptr;
}

napi_value RunSync(napi_env env, napi_callback_info info, bool shares) {
  size_t count = 5;
  napi_value arguments[5];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  Run run;
  run.Read(env, arguments);
  if (!run.failure.failed()) run.failure = Former(run.session);
  if (!run.failure.failed()) run.Execute();
  return run.failure.failed() ? Throw(env, run.failure) : run.Results(env, shares);
}

// On a thread of its own: libuv has four for everything, and a run may wait for a worker as long as its deadline is. At
// the end of the process nothing waits for these threads. Without `keeps_alive` the process may end before it is done.
napi_value Later(napi_env env, Run* run, bool keeps_alive, void (*execute)(Run*)) {
  napi_value promise;
  napi_create_promise(env, &run->deferred, &promise);
  const auto complete = [](napi_env env, napi_value, void*, void* data) {
    std::unique_ptr<Run> run(static_cast<Run*>(data));
    if (env == nullptr) return;
    if (run->failure.failed())
      napi_reject_deferred(env, run->deferred, ErrorOf(env, run->failure));
    else
      napi_resolve_deferred(env, run->deferred, run->Results(env));
  };
  napi_threadsafe_function ended;
  napi_create_threadsafe_function(env, nullptr, nullptr, Text(env, "TensorFlow"), 0, 1, nullptr, nullptr, nullptr,
                                  complete, &ended);
  if (!keeps_alive) napi_unref_threadsafe_function(env, ended);
  under_way++;
  std::thread([run, execute, ended, environment = Environment::Of(env)] {
    execute(run);
    {
      std::lock_guard<std::mutex> lock(environment->mutex);
      if (environment->ended)
        delete run;
      else if (napi_call_threadsafe_function(ended, run, napi_tsfn_blocking) != napi_closing)
        napi_release_threadsafe_function(ended, napi_tsfn_release);
    }
    under_way--;
  }).detach();
  return promise;
}

napi_value RunLater(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto run = std::make_unique<Run>();
  run->Read(env, arguments);
  if (run->failure.failed()) return Throw(env, run->failure);
  return Later(env, run.release(), true, [](Run* run) { run->Execute(); });
}

napi_value CloseSession(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  Run* run = new Run;
  run->kept = SessionOf(env, argument);
  run->session = run->kept.get();
  // A server that is gone does not answer before the deadline.
  return Later(env, run, false, [](Run* run) {
    Status status = NewStatus();
    TF_CloseSession(run->session->session, status.get());
    run->failure = Failure::Of(status);
  });
}

napi_value Version(napi_env env, napi_callback_info) { return Text(env, TF_Version()); }

napi_value Start(napi_env env, napi_value exports) {
  Environment::Begin(env);
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("version", Version);
  add("undisturbed", CallUndisturbed);
  add("leave", Leave);
  add("startServer", StartServer);
  add("openSession", OpenSession);
  add("extend", Extend);
  add("run", RunLater);
  add("runBehind", RunBehind);
  add("runSync", [](napi_env env, napi_callback_info info) { return RunSync(env, info, false); });
  add("runShared", [](napi_env env, napi_callback_info info) { return RunSync(env, info, true); });
  add("begin", BeginRun);
  add("take", Take);
  add("wait", Wait);
  add("closeSession", CloseSession);
  return exports;
}

}  // namespace

NAPI_MODULE(espalier_runtime, Start)

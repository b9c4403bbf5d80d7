"""The errors of the service itself, in the same tree as those of the science and as free of HTTP."""

from __future__ import annotations

from geodata.errors import KanchaError


class ServiceError(KanchaError):
    """Base of what the service refuses."""

    code = "service-error"
    title = "The service could not do this"
    title_zh = "服务未能完成操作"


class NotFoundError(ServiceError):
    """There is no such thing in the store."""

    code = "not-found"
    title = "There is no such thing"
    title_zh = "资源不存在"


class ConflictError(ServiceError):
    """What is asked contradicts what is stored."""

    code = "conflict"
    title = "The request contradicts the present state"
    title_zh = "请求与当前状态冲突"


class BehindError(ConflictError):
    """Somebody else changed it since the caller looked."""

    code = "changed-meanwhile"
    title = "Somebody else changed it meanwhile"
    title_zh = "其他人员已先行更改"


class IllegalMoveError(ConflictError):
    """A job cannot go from its state to the wanted one."""

    code = "job-state"
    title = "The job cannot change so"
    title_zh = "任务状态不允许此操作"


class LostClaimError(ConflictError):
    """A job is no longer run by who thought to run it; its result is thrown away."""

    code = "job-claim-lost"
    title = "The job is no longer run here"
    title_zh = "任务已不由本进程执行"


class NotSignedInError(ServiceError):
    """Nobody says who asks, or what is said holds no more."""

    code = "not-signed-in"
    title = "Sign in first"
    title_zh = "请先登录"


class SignInError(NotSignedInError):
    """A name and a password do not belong together."""

    code = "sign-in-failed"
    title = "The sign-in failed"
    title_zh = "登录失败"


class OidcError(SignInError):
    """The bureau's own sign-in failed, or it does not let somebody in; `measured["reason"]` says where."""

    code = "oidc-failed"
    title = "The sign-in by OpenID Connect failed"
    title_zh = "统一身份认证登录失败"


class ForbiddenError(ServiceError):
    """The caller may not do this."""

    code = "forbidden"
    title = "You may not do this"
    title_zh = "没有权限"


class CsrfError(ForbiddenError):
    """A change that comes with a cookie lacks the word of its session."""

    code = "csrf"
    title = "The change does not come from a page of this service"
    title_zh = "请求来源未通过验证"


class TooManyRequestsError(ServiceError):
    """More requests than the limit, or a sign-in that has to wait."""

    code = "too-many-requests"
    title = "Too many requests"
    title_zh = "请求过于频繁"


class PasswordError(ServiceError):
    """A password is too easy to guess."""

    code = "password-weak"
    title = "The password cannot be taken"
    title_zh = "密码不符合要求"


class LinkError(ServiceError):
    """A link that works once has been used, has run out, or was never made."""

    code = "link-spent"
    title = "The link opens nothing any more"
    title_zh = "链接已失效"


class VerdictError(ServiceError):
    """A verdict lacks what it must say, or says what it must not."""

    code = "verdict-unusable"
    title = "The verdict cannot be taken"
    title_zh = "核查结论无效"


class BadQueryError(ServiceError):
    """A query parameter is unknown or malformed."""

    code = "bad-query"
    title = "The query cannot be understood"
    title_zh = "查询参数有误"


class UnstorableValueError(BadQueryError):
    """A value that no database holds: a text with a zero character, a number beyond 64 bits."""

    code = "value-unusable"
    title = "The request holds a value that cannot be used"
    title_zh = "请求中的值无法使用"


class FilterError(BadQueryError):
    """A filter cannot be read, or asks for what there is not."""

    code = "filter-unusable"
    title = "The filter cannot be understood"
    title_zh = "过滤条件有误"


class UnknownSystemError(BadQueryError):
    """A coordinate system is unknown to the service, or does not reach so far."""

    code = "crs-unknown"
    title = "The coordinate system cannot be used"
    title_zh = "不支持的坐标系"


class SortKeyError(BadQueryError):
    """A collection cannot be sorted so."""

    code = "sort-key"
    title = "The collection cannot be sorted so"
    title_zh = "不支持的排序方式"


class BadRequestBodyError(ServiceError):
    """The body of a request is malformed or lacks a part."""

    code = "bad-body"
    title = "The request body cannot be used"
    title_zh = "请求内容有误"


class UnsupportedMediaError(ServiceError):
    """The body is of a type that this route does not read."""

    code = "media-type"
    title = "The request body has an unsupported type"
    title_zh = "不支持的内容类型"


class PayloadTooLargeError(ServiceError):
    """The body is larger than the limit."""

    code = "payload-too-large"
    title = "The upload is too large"
    title_zh = "上传内容过大"


class UploadHeaderError(BadRequestBodyError):
    """A header of the upload protocol is missing or malformed, or the metadata say what cannot be."""

    code = "upload-header"
    title = "The upload request cannot be understood"
    title_zh = "上传请求有误"


class UploadVersionError(ServiceError):
    """The client speaks another version of the upload protocol."""

    code = "upload-version"
    title = "This version of the upload protocol is not spoken"
    title_zh = "不支持的上传协议版本"


class UploadOffsetError(ConflictError):
    """A chunk does not begin where the stored bytes end."""

    code = "upload-offset"
    title = "The chunk does not begin where the upload stands"
    title_zh = "续传位置与已存数据不符"


class UploadLockedError(ServiceError):
    """Another request is writing to the upload."""

    code = "upload-locked"
    title = "Another request is writing to this upload"
    title_zh = "该上传正由另一请求写入"


class UploadChecksumError(ServiceError):
    """The bytes of a chunk are not those that were sent."""

    code = "upload-checksum"
    title = "The chunk arrived altered"
    title_zh = "数据块校验不符"


class UploadGoneError(NotFoundError):
    """The upload has expired."""

    code = "upload-expired"
    title = "The upload has expired"
    title_zh = "上传已过期"


class UploadFinalError(ServiceError):
    """Nothing can be written to an upload that is put together from others."""

    code = "upload-final"
    title = "Nothing can be written to this upload"
    title_zh = "该上传不可写入"


class UploadQuotaError(PayloadTooLargeError):
    """The unfinished uploads of one sender are too many or too large."""

    code = "upload-quota"
    title = "The sender's unfinished uploads exceed the quota"
    title_zh = "未完成上传超出配额"


class UploadIdleError(ServiceError):
    """Nothing came over a request for too long."""

    code = "upload-idle"
    title = "Nothing more came"
    title_zh = "数据传输中断"


class SealError(ServiceError):
    """What is sealed cannot be opened."""

    code = "sealed"
    title = "The sealed data cannot be opened"
    title_zh = "加密数据无法解密"


class PackageError(ServiceError):
    """What shall go into an evidence package contradicts itself, or is not there."""

    code = "evidence-package"
    title = "The evidence package cannot be made"
    title_zh = "证据包无法生成"


class StampError(ServiceError):
    """An authority gives no time stamp, or a time stamp does not hold."""

    code = "time-stamp"
    title = "There is no valid time stamp"
    title_zh = "时间戳无效或无法取得"


class TargetError(ServiceError):
    """Nothing may be sent to a host, or there is no such host."""

    code = "target-refused"
    title = "Messages cannot be sent there"
    title_zh = "无法向该地址发送消息"


class ChannelError(ServiceError):
    """A message was not taken."""

    code = "channel-failed"
    title = "The message was not taken"
    title_zh = "消息发送失败"


class DiskFullError(ServiceError):
    """The disk has no space for what is to come."""

    code = "disk-full"
    title = "The disk has too little space"
    title_zh = "磁盘空间不足"


class StoreBusyError(ServiceError):
    """The database cannot be reached or written just now."""

    code = "store-unavailable"
    title = "The store cannot be reached"
    title_zh = "数据存储暂不可用"


class StoreTooNewError(ServiceError):
    """A newer release has changed the tables."""

    code = "store-too-new"
    title = "The database belongs to a newer release"
    title_zh = "数据库版本高于本程序"


class BackupError(ServiceError):
    """A backup cannot be read, or is not whole."""

    code = "backup-unusable"
    title = "The backup cannot be used"
    title_zh = "备份文件无法使用"


class UploadFailedError(ServiceError):
    """A file could not be brought to a service."""

    code = "upload-failed"
    title = "The file was not stored"
    title_zh = "文件上传失败"


class SourceUnavailableError(ServiceError):
    """A place where imagery arrives does not answer, or breaks off; it may do better later."""

    code = "source-unavailable"
    title = "The source of imagery cannot be reached"
    title_zh = "影像来源无法访问"


class ArrivalError(ServiceError):
    """What a source offers cannot be taken, or is not what the source says it is."""

    code = "arrival-refused"
    title = "What the source offers cannot be taken"
    title_zh = "影像来源提供的文件无法接收"


class NightlyRunningError(ServiceError):
    """Another nightly run holds the data folder."""

    code = "nightly-running"
    title = "Another nightly run is at work"
    title_zh = "另一夜间任务正在运行"


class JobCrashedError(ServiceError):
    """The process of a job ended abnormally too often."""

    code = "job-crashed"
    title = "The job's process ended abnormally"
    title_zh = "任务进程异常终止"


class ClusterError(ServiceError):
    """The workers of the cluster cannot be reached just now; what waits for them is tried again."""

    code = "cluster-unavailable"
    title = "The cluster cannot be reached"
    title_zh = "计算集群暂不可用"


class ClusterCrashError(ServiceError):
    """The same work ended one worker of the cluster after the other."""

    code = "cluster-crashed"
    title = "Workers of the cluster ended abnormally"
    title_zh = "计算节点异常终止"


class ClusterSetupError(ServiceError):
    """A worker does not see what its work needs: it has other settings, or other code, than who sent it."""

    code = "cluster-setup"
    title = "A worker is set up differently"
    title_zh = "计算节点配置不一致"


class InternalError(ServiceError):
    """Something went wrong that nobody foresaw."""

    code = "internal-error"
    title = "Something unforeseen went wrong"
    title_zh = "发生未预料的内部错误"

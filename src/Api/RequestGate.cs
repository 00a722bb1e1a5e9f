using Fleet.Api.Access;
using Fleet.Core.Rules;
using Microsoft.AspNetCore.Http;

namespace Fleet.Api;

/// <summary>Refuses what a page of another site could make a browser send, before anything looks for an endpoint.</summary>
internal sealed class RequestGate(AllowedHosts hosts)
{
    public Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        SecurityHeaders.Add(http.Response);
        return Refuse(http.Request) is { } error ? Problems.Refused(error).ExecuteAsync(http) : next(http);
    }

    private InputError? Refuse(HttpRequest request) => hosts.Allows(request.Host)
        ? CrossSite.Refuse(request)
        : RunRules.Invalid("invalid_host", "Host", request.Host.Value, $"{hosts.Description}; {AllowedHosts.Key} names others");
}

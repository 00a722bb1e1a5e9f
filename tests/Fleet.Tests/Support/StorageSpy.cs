using System.Reflection;
using Fleet.Core.Storage;
using Fleet.Storage.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Support;

/// <summary>The storage of an embedded Fleet, which tells of one of its methods before each call.</summary>
public class StorageSpy : DispatchProxy
{
    private object _inner = null!;
    private string _method = null!;
    private Action _onCall = null!;

    /// <param name="services">The services of the process.</param>
    /// <param name="method">A method of <see cref="IStorage"/> or <see cref="IRunStatements"/>.</param>
    /// <param name="onCall">What it throws is what the method throws.</param>
    public static void AddTo(IServiceCollection services, string method, Action onCall)
    {
        var real = services.Last(s => s.ServiceType == typeof(IStorage));
        services.AddSingleton(provider => (SqliteStorage)real.ImplementationFactory!(provider))
            .AddSingleton(provider => Around<IStorage>(provider.GetRequiredService<SqliteStorage>(), method, onCall));
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == _method)
            _onCall();
        var answer = targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        return answer is IRunStatements statements ? Around(statements, _method, _onCall) : answer;
    }

    /// <summary>A storage, or its statements, that tells of one of its methods before each call.</summary>
    public static T Around<T>(T inner, string method, Action onCall)
        where T : class
    {
        var proxy = Create<T, StorageSpy>();
        var spy = (StorageSpy)(object)proxy;
        (spy._inner, spy._method, spy._onCall) = (inner, method, onCall);
        return proxy;
    }
}

using System.Reflection;
using Xunit.v3;

[assembly: TestFramework(typeof(Fleet.Tests.Support.FleetTestFramework))]

namespace Fleet.Tests.Support;

/// <summary>The tests of this class need a SQL Server. Without one they are not collected; a single skipped test stands for all of them
/// (<see cref="Storage.SqlServerSuiteTests"/>).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsSqlServerAttribute : Attribute;

/// <summary>xunit's own framework, except that it collects the classes with <see cref="NeedsSqlServerAttribute"/> only if there is a
/// server. Hundreds of skipped tests, each with its reason, would hide the results.</summary>
public sealed class FleetTestFramework : XunitTestFramework
{
    /// <summary>Collects tests with or without those that need a SQL Server.</summary>
    public static ITestFrameworkDiscoverer Discoverer(IXunitTestAssembly assembly, bool hasSqlServer) =>
        new SelectingDiscoverer(assembly, hasSqlServer);

    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) =>
        Discoverer((IXunitTestAssembly)base.CreateDiscoverer(assembly).TestAssembly, SqlServerDatabase.Server is not null);

    private sealed class SelectingDiscoverer(IXunitTestAssembly assembly, bool hasSqlServer) : XunitTestFrameworkDiscoverer(assembly)
    {
        protected override ValueTask<bool> FindTestsForType(
            IXunitTestClass testClass,
            Xunit.Sdk.ITestFrameworkDiscoveryOptions discoveryOptions,
            Func<Xunit.Sdk.ITestCase, ValueTask<bool>> discoveryCallback) =>
            hasSqlServer || !testClass.Class.IsDefined(typeof(NeedsSqlServerAttribute))
                ? base.FindTestsForType(testClass, discoveryOptions, discoveryCallback)
                : new(true);
    }
}

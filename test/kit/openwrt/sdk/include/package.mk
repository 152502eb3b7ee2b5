# Stands for OpenWrt's include/package.mk: unpacks and installs for real into OUT/root, compiles nothing, and writes to OUT
# what the package says of itself (OpenWrt exports such texts through variables of make, too).
PKG_BUILD_DIR:=$(OUT)/build/$(PKG_NAME)-$(PKG_VERSION)

define Build/Prepare
	tar -C $(PKG_BUILD_DIR)/.. -xzf $(DL_DIR)/$(PKG_SOURCE)
endef

define BuildPackage
  $(eval $(Package/$(1)))
  export CONFFILES:=$$(Package/$(1)/conffiles)
  export DESCRIPTION:=$$(Package/$(1)/description)
  export POSTRM=$$(call Package/$(1)/postrm)
  export FIELDS=$(PKG_VERSION)-r$(PKG_RELEASE)|$(strip $(DEPENDS))|$(PKG_LICENSE)|$(PKG_LICENSE_FILES)|$(SECTION)|$(USERID)|$(URL)|$(PKGARCH)
  all:
	mkdir -p $(PKG_BUILD_DIR) $(OUT)/root
	$$(Build/Prepare)
	$$(call Package/$(1)/install,$(OUT)/root)
	printf '%s' "$$$$FIELDS" >$(OUT)/fields
	printf '%s\n' "$$$$DESCRIPTION" >$(OUT)/description
	printf '%s\n' "$$$$CONFFILES" >$(OUT)/conffiles
	printf '%s\n' "$$$$POSTRM" >$(OUT)/postrm
endef
